import { useEffect, useState } from 'react';
import { Sign } from './controls/icons.tsx';
import './Starting.css';
import { wordsFor } from './words/useWords.ts';

const LONG = 6_000;

/** Until the engine answers; appears only when that takes a moment, and says what may be the matter when it takes long. */
export function Starting() {
  const words = wordsFor('system').general;
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="starting" role="status">
      <Sign size={44} />
      <p>{words.starting}</p>
      {long && !window.lodestone && <p className="starting-long">{words.noAnswer}</p>}
    </div>
  );
}
