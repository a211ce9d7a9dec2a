#!/usr/bin/env python3
"""Parses XML from standard input and writes the name of its root, without the namespace."""

import sys
import xml.etree.ElementTree as tree

sys.stdout.write(tree.fromstring(sys.stdin.buffer.read()).tag.split('}')[-1])
