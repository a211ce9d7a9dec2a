/** Chinese texts as a reader of Chinese expects them: full-width punctuation, one word a thing. */

import { readFileSync } from 'node:fs';
import ts from 'typescript';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { feature } from '../kit/feature.ts';

const chinese = feature('Chinese texts');

const FILES = [
  'config/locales/zh-CN.yaml',
  'config/sites/ningbo-guides/zh-CN.yaml',
  'config/kiosks/ningbo.yaml',
  'controller/kiosk/words.ts',
  'controller/kiosk/slip/words.ts',
  'controller/kiosk/screen/page/words/zh.ts',
];

/** Every string of a file that has a Han character in it. */
function textsOf(path: string): string[] {
  const source = readFileSync(path, 'utf8');
  const texts = path.endsWith('.ts') ? literalsOf(path, source) : valuesOf(parse(source));
  return texts.filter((text) => /\p{Script=Han}/u.test(text));
}

function valuesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(valuesOf);
}

/** `${…}` of a template becomes `…`. */
function literalsOf(path: string, source: string): string[] {
  const texts: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node)) {
      const spans = node.templateSpans.map(({ literal }) => literal.text);
      texts.push([node.head.text, ...spans].join('…'));
    }
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(path, source, ts.ScriptTarget.Latest));
  return texts;
}

/** Next to a Han character, with at most a number or a blank between. */
const HALF_WIDTH = /\p{Script=Han}[\s\d]*[,;:?!()]|[,;:?!()]\s*\p{Script=Han}/u;

for (const path of FILES) {
  chinese.test(`GIVEN ${path} WHEN read THEN punctuation is full-width`, () => {
    const texts = textsOf(path);
    assert.ok(texts.length > 0);
    assert.equal(
      texts.filter((text) => HALF_WIDTH.test(text)),
      [],
    );
  });
}

/** What the kiosk calls something, and what it must not call it beside that. */
const ONE_NAME: readonly (readonly [wanted: string, others: RegExp])[] = [
  ['付款', /支付/],
  ['凭条', /纸条|收据|小票/],
  ['医保卡', /医保通用卡|医疗统筹卡/],
  ['窗口', /柜台|服务窗口/],
  ['发卡地区', /发卡城市/],
  ['核验', /真伪验证/],
];

for (const path of FILES.filter((each) => !each.includes('/locales/'))) {
  chinese.test(`GIVEN ${path} WHEN read THEN each thing has one name`, () => {
    for (const [wanted, others] of ONE_NAME) {
      const odd = textsOf(path).filter((text) => others.test(text));
      assert.equal(odd, [], `it is called ${wanted}`);
    }
  });
}

chinese.run();
