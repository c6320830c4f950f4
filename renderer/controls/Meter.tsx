import './Meter.css';

/** How much of a whole is there, 0…1, as a thin line. */
export function Meter({ label, share, text }: { label: string; share: number; text: string }) {
  return (
    <div className="meter" role="progressbar" aria-label={label} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100} aria-valuetext={text}>
      <span style={{ width: `${share * 100}%` }} />
    </div>
  );
}
