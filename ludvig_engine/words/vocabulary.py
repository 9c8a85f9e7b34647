"""What a prompt is compared with, and how: plain words, which nothing needs to be imported for."""

# LERF's negatives, which fit any object equally well.
NEGATIVES = ("object", "things", "stuff", "texture")
# The paper uses no template. CLIP's own templates are sentences such as "a photo of a {}.".
TEMPLATES = ("{}",)
# Everyday words; any scene shows only few of them.
EVERYDAY = tuple(
    """
    person, face, hand, hair, shirt, trousers, dress, jacket, shoe, hat, glove, glasses, watch,
    ring, bag, backpack, umbrella, suitcase, dog, cat, horse, cow, sheep, pig, bird, chicken, duck,
    fish, frog, snake, turtle, rabbit, mouse, bear, lion, elephant, monkey, insect, butterfly, bee,
    spider, tree, bush, flower, leaf, grass, moss, mushroom, cactus, potted plant, log, stone, sand,
    soil, snow, ice, water, river, lake, sea, wave, mountain, cliff, sky, cloud, sun, moon, fire,
    smoke, apple, banana, orange, lemon, strawberry, grapes, melon, tomato, carrot, potato, onion,
    pepper, salad, bread, cake, cookie, pizza, sandwich, cheese, egg, meat, sausage, noodles, rice,
    soup, chocolate, ice cream, cup, mug, glass, bottle, can, jar, plate, bowl, fork, knife, spoon,
    pan, pot, kettle, oven, fridge, toaster, sink, tap, bathtub, toilet, towel, soap, toothbrush,
    mirror, chair, sofa, table, desk, bed, pillow, blanket, shelf, cupboard, drawer, lamp, candle,
    clock, vase, picture, curtain, carpet, door, window, stairs, wall, floor, ceiling, roof,
    chimney, house, tower, church, castle, bridge, road, pavement, fence, gate, bench, street lamp,
    traffic light, sign, car, truck, bus, train, tram, bicycle, motorcycle, boat, ship, aeroplane,
    helicopter, rocket, tractor, excavator, wheel, engine, telephone, computer, keyboard, screen,
    television, camera, loudspeaker, headphones, radio, printer, cable, battery, book, newspaper,
    letter, box, pen, pencil, scissors, hammer, screwdriver, saw, drill, nail, screw, rope, ladder,
    bucket, broom, shovel, ball, racket, ski, kite, doll, teddy bear, toy brick, chess board, dice,
    playing card, guitar, piano, violin, drum, trumpet, flag, statue, coin, key, lock
    """.replace("\n", " ").split(", ")
)
EVERYDAY = tuple(" ".join(word.split()) for word in EVERYDAY)
