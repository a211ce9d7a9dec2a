import { render } from 'preact';
import { App } from './app.tsx';
import { followHotKeys } from './keys.ts';
import { connect } from './live.ts';
import { followSpeech } from './speech.ts';

const root = document.getElementById('app');
if (root) render(<App />, root);
document.addEventListener('contextmenu', (event) => event.preventDefault());
followHotKeys();
followSpeech();
connect();
