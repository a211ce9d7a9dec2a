#!/usr/bin/env python3
"""Reads a QR code (ISO/IEC 18004, model 2, versions 1 to 4, level M, byte mode) from its dots.

Standard input: JSON, rows of 0 and 1, the code in the upper left corner. Standard output: the text. A clean picture needs no error
correction, so the check words are skipped; that they are right is not proved here.
"""

import json
import sys

# Data words of each block by version, level M (table 9).
BLOCKS = {1: [16], 2: [28], 3: [44], 4: [32, 32]}
MASKS = [
    lambda y, x: (y + x) % 2, lambda y, x: y % 2, lambda y, x: x % 3, lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2, lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2, lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
]


def functional(size, version, y, x):
    """Finder, separator, format, timing and (from version 2 on) the one alignment pattern."""
    if (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9):
        return True
    if y == 6 or x == 6:
        return True
    return version > 1 and size - 9 <= y < size - 4 and size - 9 <= x < size - 4


def modules(dots):
    cell = dots[0].index(0) // 7  # the upper edge of a finder is seven modules
    side = len(dots) // cell
    return [[dots[y * cell + cell // 2][x * cell + cell // 2] for x in range(side)]
            for y in range(side)]


def read(rows):
    size = len(rows)
    version = (size - 17) // 4
    # Format, next to the upper left finder: two bits of level, three of mask, under 10101.
    head = [rows[8][x] for x in range(5)]
    form = int(''.join(map(str, head)), 2) ^ 0b10101
    assert form >> 3 == 0, 'level M is 00'
    mask = MASKS[form & 7]
    bits, up, x = [], True, size - 1
    while x > 0:
        if x == 6:
            x -= 1
        for step in range(size):
            y = size - 1 - step if up else step
            for column in (x, x - 1):
                if not functional(size, version, y, column):
                    bits.append(rows[y][column] ^ (mask(y, column) == 0))
        up, x = not up, x - 2
    words = [int(''.join(str(int(b)) for b in bits[at:at + 8]), 2) for at in range(0, len(bits), 8)]
    blocks = BLOCKS[version]
    data = [words[i + n * len(blocks)] for i in range(len(blocks)) for n in range(blocks[0])]
    stream = ''.join(f'{word:08b}' for word in data)
    assert stream[:4] == '0100', 'byte mode'
    count = int(stream[4:12], 2)
    return bytes(int(stream[12 + 8 * n:20 + 8 * n], 2) for n in range(count)).decode('utf-8')


sys.stdout.write(read(modules(json.load(sys.stdin))))
