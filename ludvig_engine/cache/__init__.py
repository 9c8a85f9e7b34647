"""What has been computed is kept on disk, by what it was computed from."""
