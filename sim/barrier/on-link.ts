import type { Link } from '../../firmware-bridge/link/link.ts';
import type { VirtualBoard } from './board.ts';

/** Makes the board the far end of a link. What a lost link refuses is lost, as on a cut cable. */
export function attachBoard(board: VirtualBoard, link: Link): void {
  board.onSend((bytes) => {
    link.write(bytes);
  });
  link.listen({ data: board.receive, lost() {} });
}
