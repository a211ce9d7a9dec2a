#!/usr/bin/env python3
"""What ESC/POS bytes put on paper, told by a program that shares nothing with ours.

Reads a document on standard input and writes JSON: lines (text, height, width, bold), cuts, images
(rows of dots) and questions (bytes that the printer would answer). Python's own
GB 18030 codec follows the 2005 edition, so the 18 characters that moved in 2022 are named here, as
listed in GB 18030-2022 (and in Unicode's mapping notes): code -> character.
"""

import json
import sys

MOVED = {
    'a6d9': '\ufe10', 'a6da': '\ufe12', 'a6db': '\ufe11', 'a6dc': '\ufe13', 'a6dd': '\ufe14',
    'a6de': '\ufe15', 'a6df': '\ufe16', 'a6ec': '\ufe17', 'a6ed': '\ufe18', 'a6f3': '\ufe19',
    'fe59': '\u9fb4', 'fe61': '\u9fb5', 'fe66': '\u9fb6', 'fe67': '\u9fb7', 'fe6d': '\u9fb8',
    'fe7e': '\u9fb9', 'fe90': '\u9fba', 'fea0': '\u9fbb',
}
# Commands of a fixed length: bytes that follow the two of their name.
AFTER = {
    b'\x1b@': 0, b'\x1b2': 0, b'\x1c&': 0, b'\x1c.': 0,
    b'\x1b3': 1, b'\x1b ': 1, b'\x1b-': 1, b'\x1bE': 1, b'\x1bM': 1, b'\x1ba': 1, b'\x1bd': 1,
    b'\x1bJ': 1,
    b'\x1bt': 1, b'\x1b{': 1, b'\x1c!': 1, b'\x1c-': 1, b'\x1d!': 1, b'\x1dB': 1, b'\x1da': 1,
    b'\x1dr': 1, b'\x10\x04': 1, b'\x10\x05': 1,
    b'\x1b$': 2, b'\x1b\\': 2, b'\x1cS': 2, b'\x1dL': 2, b'\x1dW': 2,
}


def character(data, at):
    """One character of GB 18030 at `at`: its text and how many bytes it takes."""
    if data[at] < 0x80:
        return chr(data[at]), 1
    size = 4 if 0x30 <= data[at + 1] <= 0x39 else 2
    code = data[at:at + size]
    return MOVED.get(code.hex()) or code.decode('gb18030'), size


class Paper:
    def __init__(self):
        self.lines, self.images, self.questions, self.symbols = [], [], [], []
        self.cuts = 0
        self.line, self.column, self.size, self.bold = [], 0, (1, 1), False
        self.stored = b''

    def put(self, text, wide):
        columns = (2 if wide else 1) * self.size[0]
        self.line.append((self.column, text, columns, self.size, self.bold))
        self.column += columns

    def feed(self):
        text, column = '', 0
        for start, char, columns, _, _ in sorted(self.line):
            text += ' ' * max(0, int(start) - column) + char
            column = max(column, int(start) + columns)
        sizes = [size for _, char, _, size, _ in self.line if char.strip()] or [(1, 1)]
        self.lines.append({
            'text': text.rstrip(),
            'width': max(size[0] for size in sizes),
            'height': max(size[1] for size in sizes),
            'bold': any(bold for *_, bold in self.line),
            'columns': column,
        })
        self.line, self.column = [], 0

    def command(self, name, args):
        if name == b'\x1b$':
            self.column = (args[0] + 256 * args[1]) / 12
        elif name == b'\x1b\\':
            self.column += (args[0] + 256 * args[1]) / 12
        elif name == b'\x1d!':
            self.size = ((args[0] >> 4) + 1, (args[0] & 7) + 1)
        elif name == b'\x1bE':
            self.bold = bool(args[0] & 1)
        elif name == b'\x1bd' and args[0]:
            self.feed()
        elif name in (b'\x1dr', b'\x10\x04'):
            self.questions.append((name + args).hex())

    def symbol(self, body):
        if body[:2] == b'1P':
            self.stored = body[3:]
        elif body[:2] == b'1Q':
            self.symbols.append(self.stored.decode('utf-8'))


def decode(data):
    paper, at = Paper(), 0
    while at < len(data):
        byte, name = data[at], data[at:at + 2]
        if byte == 0x0A:
            paper.feed()
            at += 1
        elif name == b'\x1dv':
            width, height = data[at + 4] + 256 * data[at + 5], data[at + 6] + 256 * data[at + 7]
            rows = data[at + 8:at + 8 + width * height]
            bits = ''.join(f'{each:08b}' for each in rows)
            paper.images.append([[int(bit) for bit in bits[y * width * 8:(y + 1) * width * 8]]
                                 for y in range(height)])
            at += 8 + width * height
        elif name == b'\x1d(':
            size = data[at + 3] + 256 * data[at + 4]
            if data[at + 2] == ord('k'):
                paper.symbol(data[at + 5:at + 5 + size])
            at += 5 + size
        elif name == b'\x1dV':
            paper.cuts += 1
            at += 4 if data[at + 2] >= 65 else 3
        elif name in AFTER:
            paper.command(name, data[at + 2:at + 2 + AFTER[name]])
            at += 2 + AFTER[name]
        elif byte >= 0x20:
            text, size = character(data, at)
            paper.put(text, size > 1)
            at += size
        else:
            raise SystemExit(f'unknown bytes at {at}: {name.hex()}')
    return paper


paper = decode(sys.stdin.buffer.read())
json.dump({
    'lines': paper.lines, 'images': paper.images, 'symbols': paper.symbols,
    'questions': paper.questions, 'cuts': paper.cuts,
}, sys.stdout)
