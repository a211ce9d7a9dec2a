/** The page's own words. Texts of the site come with the view. */

import { computed } from '@preact/signals';
import { locale } from './live.ts';
import { en } from './words/en.ts';
import { zh } from './words/zh.ts';

export type Words = typeof zh;

const ALL: Readonly<Record<string, Words>> = { 'zh-CN': zh, en };

/** English for a locale that the page does not speak. */
export const words = computed(() => ALL[locale.value] ?? en);

/** Name of a language in that language. */
export const LANGUAGES: Readonly<Record<string, string>> = { 'zh-CN': '中文', en: 'English' };

/** @param fen integer */
export function yuan(fen: number): string {
  return `¥${(fen / 100).toFixed(2)}`;
}

/** @param iso `YYYY-MM-DD`, or null: a dash */
export function dateOf(iso: string | null): string {
  if (!iso) return '—';
  const at = new Date(`${iso}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return iso;
  return new Intl.DateTimeFormat(locale.value, { dateStyle: 'long', timeZone: 'UTC' }).format(at);
}
