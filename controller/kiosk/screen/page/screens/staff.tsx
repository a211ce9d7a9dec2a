import type { DeviceHealth } from '../../../view.ts';
import { send } from '../live.ts';
import { Button, Scroll } from '../parts.tsx';
import { words } from '../words.ts';

export function Maintenance({ devices }: { readonly devices: readonly DeviceHealth[] }) {
  const { staff } = words.value;
  return (
    <article class="panel maintenance" data-testid="maintenance">
      <h1>{staff.health}</h1>
      <Scroll label={staff.health}>
        <table>
          <thead>
            <tr>
              <th scope="col">{staff.device}</th>
              <th scope="col">{staff.state}</th>
              <th scope="col">{staff.detail}</th>
            </tr>
          </thead>
          <tbody>
            {devices.map((device) => (
              <tr key={device.name} data-testid={`device-${device.kind}`}>
                <th scope="row">
                  {device.kind}
                  <small>{device.name}</small>
                </th>
                <td>
                  <span class={`pill device-${device.state}`}>{staff.states[device.state]}</span>
                </td>
                <td>
                  <span lang="en">{device.detail}</span>
                  <small>{countersOf(device)}</small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <div class="actions">
        <Button id="finish" look="main" hot="Escape" onClick={() => send({ type: 'finish' })}>
          {staff.end}
        </Button>
      </div>
    </article>
  );
}

function countersOf({ counters }: DeviceHealth): string {
  return Object.entries(counters)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(' · ');
}
