// The GPU's inner loops. The formulas are those of project.py and kernels.py, and so are the names.
//
// A tile is at most 16 x 16 pixels. A pair is a Gaussian and a tile that its box touches. Pairs are
// numbered by Gaussian, so that the results of a Gaussian's pairs lie side by side, and are blended
// in the order of `who`, tile by tile and nearest first. Nothing is added with atomics, so results
// do not change from run to run.
//
// WARP is 32 on a GPU. With 1, and a few lines before and after it, this file is C++ for a CPU,
// which is how the tests run it.

#define KERNEL extern "C" __global__ void
#define PIXELS 256  // of a tile, at most
#define THREAD (blockIdx.x * blockDim.x + threadIdx.x)

// What `Lens` in tiles.py passes, as float64.
struct Lens {
    double R[9], t[3], fx, fy, cx, cy;
    double low_x, high_x, low_y, high_y;  // x / z and y / z between which the Jacobian is taken
    double first_x, last_x, first_y, last_y;  // and between which Gaussians are drawn at all
    double left, right, top, bottom;  // the window, in pixels
    double near, min_alpha, blur, antialiased;
};

// Which pixels a tile has, and where its pairs are.
struct Tile {
    int x, y, width, count, first, last;
};

__device__ Tile tile_at(int number, int across, const int* columns, const int* rows,
                        const int* starts) {
    int column = number % across, row = number / across;
    int width = columns[column + 1] - columns[column], height = rows[row + 1] - rows[row];
    return {columns[column], rows[row], width, width * height, starts[number], starts[number + 1]};
}

__device__ float alpha_of(const float* g, float x, float y, float clamp) {
    float dx = x + 0.5f - g[0], dy = y + 0.5f - g[1];
    float exponent = 0.5f * (g[2] * dx * dx + g[4] * dy * dy) + g[3] * dx * dy;
    return fminf(g[5] * expf(-exponent), clamp);
}

__device__ bool any_lane(bool value) {
#if WARP > 1
    return __any_sync(0xffffffffu, value);
#else
    return value;
#endif
}

__device__ float sum_of_lanes(float value) {
#if WARP > 1
    for (int distance = WARP / 2; distance; distance /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, distance);
#endif
    return value;
}

// One thread per Gaussian: its ellipse, the box of its tiles, and how many these are.
KERNEL project(int N, const float* means, const float* quats, const float* scales,
               const float* opacities, const Lens* lens, const int* tile_of_column,
               const int* tile_of_row, float* geometry, int* box, int* count) {
    int i = THREAD;
    if (i >= N) return;
    const Lens& L = *lens;
    const double* R = L.R;
    count[i] = 0;
    double opacity = opacities[i];
    if (opacity < L.min_alpha) return;
    double px = means[3 * i], py = means[3 * i + 1], pz = means[3 * i + 2];
    double z = R[6] * px + R[7] * py + R[8] * pz + L.t[2];
    if (!(z >= L.near)) return;
    double x = (R[0] * px + R[1] * py + R[2] * pz + L.t[0]) / z;
    double y = (R[3] * px + R[4] * py + R[5] * pz + L.t[1]) / z;
    if (x < L.first_x || x > L.last_x || y < L.first_y || y > L.last_y) return;
    double ax = L.fx / z, bx = -L.fx * fmin(fmax(x, L.low_x), L.high_x) / z;
    double ay = L.fy / z, by = -L.fy * fmin(fmax(y, L.low_y), L.high_y) / z;
    double u[3], v[3];
    for (int k = 0; k < 3; k++) {
        u[k] = ax * R[k] + bx * R[6 + k];
        v[k] = ay * R[3 + k] + by * R[6 + k];
    }
    double qw = quats[4 * i], qx = quats[4 * i + 1], qy = quats[4 * i + 2], qz = quats[4 * i + 3];
    double turn[9] = {
        1 - 2 * (qy * qy + qz * qz), 2 * (qx * qy - qw * qz), 2 * (qx * qz + qw * qy),
        2 * (qx * qy + qw * qz), 1 - 2 * (qx * qx + qz * qz), 2 * (qy * qz - qw * qx),
        2 * (qx * qz - qw * qy), 2 * (qy * qz + qw * qx), 1 - 2 * (qx * qx + qy * qy),
    };
    double a[3], b[3];
    for (int k = 0; k < 3; k++) {
        double scale = scales[3 * i + k];
        a[k] = scale * (u[0] * turn[k] + u[1] * turn[3 + k] + u[2] * turn[6 + k]);
        b[k] = scale * (v[0] * turn[k] + v[1] * turn[3 + k] + v[2] * turn[6 + k]);
    }
    double xx = a[0] * a[0] + a[1] * a[1] + a[2] * a[2] + L.blur;
    double yy = b[0] * b[0] + b[1] * b[1] + b[2] * b[2] + L.blur;
    double xy = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    double det = xx * yy - xy * xy;
    if (!(det > 0)) return;
    if (L.antialiased != 0) {
        double m = a[0] * b[1] - a[1] * b[0], n = a[0] * b[2] - a[2] * b[0];
        double o = a[1] * b[2] - a[2] * b[1];
        opacity *= sqrt((m * m + n * n + o * o) / det);
        if (opacity < L.min_alpha) return;
    }
    double reach = 2 * log(opacity / L.min_alpha);
    double half_x = sqrt(reach * xx), half_y = sqrt(reach * yy);
    x = L.fx * x + L.cx;
    y = L.fy * y + L.cy;
    // The middle of pixel j is at j + 0.5.
    double x0 = ceil(fmax(x - half_x - 0.5, L.left));
    double x1 = floor(fmin(x + half_x - 0.5, L.right - 1));
    double y0 = ceil(fmax(y - half_y - 0.5, L.top));
    double y1 = floor(fmin(y + half_y - 0.5, L.bottom - 1));
    if (!(x0 <= x1 && y0 <= y1)) return;
    float* g = geometry + 8 * (size_t)i;
    g[0] = x;
    g[1] = y;
    g[2] = yy / det;
    g[3] = -xy / det;
    g[4] = xx / det;
    g[5] = opacity;
    g[6] = reach;
    g[7] = z;
    int left = tile_of_column[(int)x0], right = tile_of_column[(int)x1] + 1;
    int top = tile_of_row[(int)y0], bottom = tile_of_row[(int)y1] + 1;
    int* own = box + 4 * (size_t)i;
    own[0] = left;
    own[1] = right;
    own[2] = top;
    own[3] = bottom;
    count[i] = (right - left) * (bottom - top);
}

// One thread per visible Gaussian, nearest first: its pairs. `first` is where they begin in this
// order, `offset` where they begin among the pairs by Gaussian.
KERNEL list_pairs(int M, const long long* order, const int* box, int across,
                  const long long* first, const long long* offset, int* tile, int* who, int* pair,
                  int* tile_of_pair) {
    int m = THREAD;
    if (m >= M) return;
    int i = order[m];
    const int* own = box + 4 * (size_t)i;
    long long at = first[m], number = offset[i];
    for (int row = own[2]; row < own[3]; row++)
        for (int column = own[0]; column < own[1]; column++, at++, number++) {
            tile[at] = tile_of_pair[number] = row * across + column;
            who[at] = i;
            pair[at] = number;
        }
}

// One warp per tile: out[pair, k] = the sum of weight times basis[pixel, k] over the tile's pixels
// where `valid`, if given, is not 0.
template <int K>
__device__ void weigh(int tiles, int across, const int* columns, const int* rows,
                      const int* starts, const int* who, const int* pair, const float* geometry,
                      int width, const float* basis, const float* valid, float clamp,
                      float min_alpha, float stop, float* out) {
    int number = THREAD / WARP, lane = THREAD % WARP;
    if (number >= tiles) return;
    Tile tile = tile_at(number, across, columns, rows, starts);
    const int each = PIXELS / WARP;
    float T[each], x[each], y[each];
    for (int n = 0; n < each; n++) {
        int p = lane + n * WARP, column = tile.x + p % tile.width, row = tile.y + p / tile.width;
        x[n] = column;
        y[n] = row;
        T[n] = p < tile.count ? (valid ? valid[row * width + column] : 1.0f) : 0.0f;
    }
    for (int e = tile.first; e < tile.last; e++) {
        bool live = false, hit = false;
        float sum[K];
        for (int k = 0; k < K; k++) sum[k] = 0;
        const float* g = geometry + 8 * (size_t)who[e];
        for (int n = 0; n < each; n++) {
            if (T[n] <= 0) continue;
            live = true;
            float alpha = alpha_of(g, x[n], y[n], clamp);
            if (!(alpha >= min_alpha)) continue;
            float after = T[n] - T[n] * alpha, weight = after > stop ? T[n] * alpha : 0.0f;
            T[n] = after > stop ? after : 0.0f;
            const float* own = basis + K * ((size_t)y[n] * width + (size_t)x[n]);
            for (int k = 0; k < K; k++) sum[k] += weight * own[k];
            hit = true;
        }
        if (!any_lane(live)) break;
        if (!any_lane(hit)) continue;
        for (int k = 0; k < K; k++) {
            float total = sum_of_lanes(sum[k]);
            if (lane == k % WARP) out[K * (size_t)pair[e] + k] = total;
        }
    }
}

#define WEIGH(NAME, K)                                                                           \
    KERNEL NAME(int tiles, int across, const int* columns, const int* rows, const int* starts,   \
                const int* who, const int* pair, const float* geometry, int width,               \
                const float* basis, const float* valid, float clamp, float min_alpha,            \
                float stop, float* out) {                                                        \
        weigh<K>(tiles, across, columns, rows, starts, who, pair, geometry, width, basis, valid, \
                 clamp, min_alpha, stop, out);                                                   \
    }
WEIGH(weigh_4, 4)
WEIGH(weigh_16, 16)

// One warp per Gaussian: sums[i] += Σ weights[pair, k] * features[cells[tile, k]] over its pairs
// and the four cells around a tile; totals[i] = the sum of the weights.
KERNEL multiply(int N, const long long* offset, const int* tile_of_pair, const float* weights,
                const int* cells, const float* features, int D, float* sums, float* totals) {
    int i = THREAD / WARP, lane = THREAD % WARP;
    if (i >= N || offset[i] == offset[i + 1]) return;
    float total = 0;
    for (int first = 0; first < D; first += 4 * WARP) {
        float sum[4] = {0, 0, 0, 0};
        for (long long pair = offset[i]; pair < offset[i + 1]; pair++) {
            const int* around = cells + 4 * tile_of_pair[pair];
            for (int k = 0; k < 4; k++) {
                float weight = weights[4 * pair + k];
                if (first == 0) total += weight;
                if (weight == 0) continue;
                const float* feature = features + (size_t)around[k] * D;
                for (int j = 0; j < 4; j++) {
                    int c = first + lane + j * WARP;
                    if (c < D) sum[j] += weight * feature[c];
                }
            }
        }
        for (int j = 0; j < 4; j++) {
            int c = first + lane + j * WARP;
            if (c < D) sums[(size_t)i * D + c] += sum[j];
        }
    }
    if (lane == 0) totals[i] = total;
}

// One thread per Gaussian and column: sums[i, k] = Σ weights[pair, k] over its pairs, of 16 columns.
KERNEL gather(int N, const long long* offset, const float* weights, float* sums) {
    int i = THREAD / 16, k = THREAD % 16;
    if (i >= N) return;
    float sum = 0;
    for (long long pair = offset[i]; pair < offset[i + 1]; pair++) sum += weights[16 * pair + k];
    sums[16 * (size_t)i + k] = sum;
}

// One block per tile and one thread per pixel: columns `first` to `first` + 15 of values (N, C)
// become planes of image (C, height, width).
KERNEL blend(int across, const int* columns, const int* rows, const int* starts, const int* who,
             const float* geometry, int width, int height, const float* values, int C, int first,
             float clamp, float min_alpha, float stop, float* image, float* opaque) {
    Tile tile = tile_at(blockIdx.x, across, columns, rows, starts);
    int p = threadIdx.x;
    if (p >= tile.count) return;
    int x = tile.x + p % tile.width, y = tile.y + p / tile.width;
    int channels = C - first < 16 ? C - first : 16;
    float T = 1, covered = 0, sum[16];
    for (int c = 0; c < 16; c++) sum[c] = 0;
    for (int e = tile.first; e < tile.last; e++) {
        float alpha = alpha_of(geometry + 8 * (size_t)who[e], x, y, clamp);
        if (!(alpha >= min_alpha)) continue;
        float after = T - T * alpha, weight = T * alpha;
        if (!(after > stop)) break;
        T = after;
        covered += weight;
        const float* own = values + (size_t)who[e] * C + first;
        for (int c = 0; c < 16; c++)
            if (c < channels) sum[c] += weight * own[c];
    }
    size_t at = (size_t)y * width + x, plane = (size_t)width * height;
    for (int c = 0; c < 16; c++)
        if (c < channels) image[(first + c) * plane + at] = sum[c];
    opaque[at] = covered;
}
