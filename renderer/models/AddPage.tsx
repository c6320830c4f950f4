import { FromDisk } from './FromDisk.tsx';
import { Servers } from './Servers.tsx';

/** Models the person has already: on this computer's disk, or held by a server. */
export function AddPage({ onUse }: { onUse(): void }) {
  return (
    <>
      <FromDisk onUse={onUse} />
      <Servers onUse={onUse} />
    </>
  );
}
