/**
 * A slip as lines of paper, laid out by receiptline. Every text goes through `data`, which lifts
 * all its characters into private planes of Unicode: there receiptline finds neither its own
 * special characters nor anything to normalise (it would turn the U+F92C of a name into U+90CE).
 * They come down again where a line is printed. So no name can change a layout, nor a layout a
 * name.
 */

import receiptline, { type BaseCommand, type QRCode } from 'receiptline';
import { encodeGb18030 } from './gb18030.ts';

/** U+0000 to U+FFFF is lifted by this, */
const LIFT_BASIC = 0xf0000;
/** and the second plane (rare ideographs) by this. Others are neither special nor normalised. */
const LIFT_SECOND = 0xe0000;
/** Control and format characters: they print nothing, and some turn a line round. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
/** Private planes and non-characters, which no printer has. */
const UNPRINTABLE = /[\u{F0000}-\u{10FFFF}\uFFFE\uFFFF]/gu;

/** A text as part of a receiptline line. Line breaks and control characters vanish. */
export function data(text: string): string {
  const plain = text.replace(UNPRINTABLE, '〓').replace(UNSEEN, '').replace(/\s/gu, ' ');
  return Array.from(plain, (char) => String.fromCodePoint(lift(char.codePointAt(0) ?? 0))).join('');
}

function lift(point: number): number {
  if (point < 0x10000) return point + LIFT_BASIC;
  return point < 0x30000 && point >= 0x20000 ? point + LIFT_SECOND : point;
}

function show(text: string): string {
  return text.replace(/[\u{F0000}-\u{10FFFF}]/gu, (char) => {
    const point = char.codePointAt(0) ?? 0;
    return String.fromCodePoint(point - (point < 0x100000 ? LIFT_BASIC : LIFT_SECOND));
  });
}

/** Lines of double height would touch the next one: the paper is fed a little further. */
const TALL_GAP_DOTS = 10;

/** How the printer at hand wants it. */
export interface PrinterHabits {
  /** Columns of half-width characters: 48 or 42 on paper of 80 mm, 32 on 58 mm. */
  readonly columns: number;
  readonly cut: 'partial' | 'full' | 'none';
  /** `native`: the printer draws QR codes itself (GS ( k); `image`: as dots, any printer can. */
  readonly qr: 'native' | 'image';
}

/** The document as ESC/POS, text in GB 18030-2022; ends with the cut. */
export function slipToEscPos(document: string, habits: PrinterHabits): Buffer {
  const { columns, cut, qr } = habits;
  const options = { cpl: columns, encoding: 'gb18030', spacing: true, cutting: true } as const;
  const command = escPos(cut, qr);
  return Buffer.from(receiptline.transform(document, { ...options, command }), 'latin1');
}

/** The document as a picture for the screen. */
export function slipToSvg(document: string, columns: number): string {
  const options = { cpl: columns, encoding: 'gb18030', spacing: true, cutting: false } as const;
  const svg = shown(receiptline.commands.svg);
  let tall = false;
  const command: BaseCommand = {
    ...svg,
    wh(scale) {
      tall = true;
      return svg.wh.call(this, scale);
    },
    lf() {
      const fed = svg.lf.call(this);
      if (tall) this.svgHeight += TALL_GAP_DOTS;
      tall = false;
      return fed;
    },
  };
  return receiptline.transform(document, { ...options, command });
}

/** A command set of receiptline that brings lifted texts down before it uses them. */
function shown(base: BaseCommand): BaseCommand {
  return {
    ...base,
    measureText: (text, encoding) => base.measureText(show(text), encoding),
    text(text, encoding) {
      return base.text.call(this, show(text), encoding);
    },
    qrcode(symbol, encoding) {
      return base.qrcode.call(this, { ...symbol, data: show(symbol.data) }, encoding);
    },
  };
}

const CUTS = { partial: '\x1dVB\0', full: '\x1dVA\0', none: '\x1bd\x05' } as const;

/**
 * receiptline's `generic` set (raster images, binary parameters) for Chinese printers: Chinese mode
 * throughout, character size by GS ! and FS ! (either alone leaves ideographs small somewhere),
 * rules made of a character that every GB 2312 font has.
 */
function escPos(cut: PrinterHabits['cut'], qr: PrinterHabits['qr']): BaseCommand {
  const generic = shown(receiptline.commands.generic);
  let tall = false;
  return {
    ...generic,
    open(printer) {
      return `${generic.open.call(this, printer)}\x1c&`;
    },
    close: () => CUTS[cut],
    cut: () => CUTS[cut],
    text: (text) => encodeGb18030(show(text)).toString('latin1'),
    hr: (width) => encodeGb18030('─'.repeat(width / 2)).toString('latin1'),
    wh(scale) {
      tall = true;
      return `\x1c!${scale === 2 ? '\x08' : '\x0c'}${generic.wh(scale)}`;
    },
    lf() {
      const gap = tall ? `\x1bJ${String.fromCharCode(TALL_GAP_DOTS)}` : '';
      tall = false;
      return `\n${gap}`;
    },
    normal: () => `\x1c!\0${generic.normal()}`,
    ...(qr === 'native' && { qrcode: nativeQr }),
  };
}

/** GS ( k: model 2, module size, error correction, data, print (Epson's functions 165 to 181). */
function nativeQr(symbol: QRCode): string {
  const bytes = Buffer.from(show(symbol.data), 'utf8').toString('latin1');
  const level = { l: '0', m: '1', q: '2', h: '3' }[symbol.level];
  const store = bytes.length + 3;
  const size = String.fromCharCode(symbol.cell);
  const length = String.fromCharCode(store & 0xff, store >> 8);
  return [
    '\x1d(k\x04\x001A2\0',
    `\x1d(k\x03\x001C${size}`,
    `\x1d(k\x03\x001E${level}`,
    `\x1d(k${length}1P0${bytes}`,
    '\x1d(k\x03\x001Q0',
  ].join('');
}
