import type { Db } from './database.ts';
import { EngineError } from '../api.ts';

/**
 * The schema as a numbered story. A step is never edited once a release has carried it; a new step is added instead.
 * Each runs in a transaction of its own together with its number, so a failed step leaves nothing behind.
 */
export const MIGRATIONS: readonly string[] = [
  // 1 — Libraries hold documents. A document is a path; what its file holds is content, stored once for equal bytes.
  // The queue is the `state` column: a crash leaves a document waiting, or removed and not yet swept.
  `
  create table setting (key text primary key, value text not null) without rowid;
  create table library (id integer primary key autoincrement, name text not null, created integer not null, removed integer not null default 0);
  create table folder (library_id integer not null references library on delete cascade, path text not null, primary key (library_id, path)) without rowid;
  -- Files that a person took out of a watched folder's documents, though they are still in the folder.
  create table dismissed (library_id integer not null references library on delete cascade, path text not null, primary key (library_id, path)) without rowid;
  create table content (
    id integer primary key autoincrement,
    hash text not null unique,          -- SHA-256 of the file's bytes
    recipe text not null,               -- version of the parsers and the chunker that made what follows
    type text not null, title text, pages integer,
    body blob not null,                 -- blocks and runs, deflated JSON
    warnings text not null,             -- JSON
    chunks integer not null, words integer not null
  );
  create table document (
    id integer primary key autoincrement,
    library_id integer not null references library on delete cascade,
    name text not null,
    path text not null,                 -- of the file; of a file without a path, where its bytes are kept
    kept integer not null default 0,    -- 1: the bytes are kept inside Lodestone
    bytes integer not null, modified integer not null, added integer not null,
    included integer not null default 1,
    state text not null check (state in ('waiting', 'ready', 'failed', 'removed')),
    code text, reason text,
    content_id integer references content,
    unique (library_id, path)
  );
  create index document_by_state on document (state, id);
  create index document_by_content on document (content_id, library_id);
  create index document_by_name on document (library_id, name collate nocase);
  create index document_by_library on document (library_id, state);
  create table parent (id integer primary key autoincrement, content_id integer not null references content on delete cascade, start integer not null, end integer not null);
  create index parent_of_content on parent (content_id);
  create table chunk (
    id integer primary key autoincrement,
    content_id integer not null references content on delete cascade,
    parent_id integer not null references parent on delete cascade,
    start integer not null, end integer not null, page integer,
    text text not null, headings text not null, header text, tokens integer not null
  );
  create index chunk_of_content on chunk (content_id);
  create index chunk_of_parent on chunk (parent_id);
  `,
  // 2 — Words. Contentless: the text stands in \`chunk\`, the tokens are made by words.ts.
  `
  create virtual table chunk_words using fts5 (words, characters, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
  create virtual table vocabulary using fts5vocab (chunk_words, 'row');
  `,
  // 3 — Vectors. A space is an identity (model, prompts, pooling, …): vectors of two spaces are never compared.
  // A holding says that a library has a content, and how many of its chunks are embedded there.
  // The vec0 tables themselves are made per dimension when a space is first used (vectors.ts).
  `
  create table space (id integer primary key autoincrement, identity text not null unique, dimensions integer not null);
  create table holding (
    library_id integer not null references library on delete cascade,
    content_id integer not null references content,
    space_id integer references space,  -- the space in which all its chunks are embedded; null: some are missing
    embedded integer not null default 0,
    primary key (library_id, content_id)
  ) without rowid;
  create index holding_by_content on holding (content_id);
  create index holding_by_space on holding (space_id, library_id, content_id);
  create table vector (
    id integer primary key autoincrement,   -- the row in the vec0 table
    chunk_id integer not null references chunk, library_id integer not null, space_id integer not null references space
  );
  create unique index vector_of_chunk on vector (chunk_id, space_id, library_id);
  `,
  // 4 — Conversations, and what people did with the answers. Events are written once and never changed.
  `
  create table conversation (id integer primary key autoincrement, title text not null, begun integer not null, latest integer not null);
  create table turn (
    id integer primary key autoincrement,
    conversation_id integer not null references conversation on delete cascade,
    asked integer not null, question text not null, standalone text,
    answer text not null, hits text not null, models text not null, milliseconds integer not null
  );
  create index turn_of_conversation on turn (conversation_id, id);
  create virtual table turn_words using fts5 (words, characters, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
  create table event (number integer primary key autoincrement, id text not null unique, at integer not null, turn_id integer not null, signal text not null, context text not null);
  create index event_of_turn on event (turn_id, number);
  create trigger event_is_immutable before update on event begin select raise(abort, 'A feedback event is never changed.'); end;
  `,
  // 5 — Learning. The group of a question is decided when it gets feedback and never again. A run's state is what it takes
  // to go on after the process was killed. Which adapter is in use is one row of \`setting\`.
  `
  create table question_group (event_id text primary key references event (id) on delete cascade, plain text not null, name text not null) without rowid;
  create table run (
    id integer primary key autoincrement,
    level text not null, started integer not null, finished integer,
    state text not null check (state in ('running', 'paused', 'done', 'cancelled', 'failed')),
    progress text not null,             -- JSON
    snapshot text, course blob,         -- what it learns from, and how far it is
    adapter_id integer, reason text
  );
  create table adapter (
    id integer primary key autoincrement,
    level text not null, space text not null, made integer not null, accepted integer not null,
    parent_id integer, bytes blob not null,
    report text not null,               -- JSON: recipe, seed, snapshot, signals, measures, reasons
    comparisons text not null           -- JSON: questions with their rankings before and after, chunks by name
  );
  create table adapter_event (adapter_id integer not null references adapter on delete cascade, event_id text not null, primary key (adapter_id, event_id)) without rowid;
  create table adapter_content (adapter_id integer not null references adapter on delete cascade, hash text not null, primary key (adapter_id, hash)) without rowid;
  create table imported_sample (id integer primary key autoincrement, line text not null);
  `,
  // 6 — Stored questions and answers; questions to try models on, each with the place that answers it, and how models did.
  // A place is named as feedback names it: the hash of the file's bytes and a span of its text.
  `
  create table faq (
    id integer primary key autoincrement,
    library_id integer not null references library on delete cascade,
    question text not null, plain text not null, answer text not null,
    unique (library_id, plain)
  );
  create table test_question (
    id integer primary key autoincrement,
    library_id integer not null references library on delete cascade,
    question text not null, source text not null check (source in ('written', 'own', 'feedback')),
    hash text not null, start integer not null, end integer not null, quote text not null,
    unique (library_id, question)
  );
  create table test_result (id integer primary key autoincrement, at integer not null, models text not null, result text not null);
  `,
  // 6 — Models a person brought; which one a role uses is a row of \`setting\`. A space knows the model that makes its vectors and
  // has a passport: vectors of texts that never change, by which vectors made elsewhere are told equal or not. While the index of
  // another embedder grows, the shadow columns count for it what space_id and embedded count for the one in use.
  `
  create table model (
    id text primary key, role text not null, format text not null,
    place text not null,                -- path of the folder or file, or address of the server
    details text not null,              -- JSON: what was found there
    key blob,                           -- of a server, encrypted
    downloaded integer not null, added integer not null
  ) without rowid;
  alter table space add column model text;
  alter table space add column dropped integer not null default 0; -- 1: its vectors are being deleted
  create table passport (space_id integer primary key references space on delete cascade, vectors blob not null);
  create table equivalent (identity text primary key, space_id integer not null references space on delete cascade) without rowid;
  alter table holding add column shadow_id integer references space;
  alter table holding add column shadow_embedded integer not null default 0;
  create index holding_by_shadow on holding (shadow_id, library_id, content_id);
  create index vector_of_space on vector (space_id, id);
  `,
  // 8 — How an answer came about, what the app offered to do, and where it was asked. How sure search must be in a library, by the
  // models that search.
  `
  alter table turn add column details text;
  alter table turn add column actions text;
  alter table turn add column libraries text;
  create table calibration (
    library_id integer not null references library on delete cascade, models text not null,
    chunks integer not null, said text not null,  -- how large the library was, and how much had been said of it
    result text not null,                         -- JSON
    primary key (library_id, models)
  ) without rowid;
  `,
  // 9 — A version that did worse in use than what was before it is taken back: when, and by what was said (JSON). One that a
  // person puts back is watched anew from then on.
  `
  alter table adapter add column taken_back text;
  alter table adapter add column watched_since integer not null default 0;
  `,
  // 10 — The contents whose text stands in an imported or a written sample: it is forgotten with any of them. Samples that were
  // written before do not say where their negatives stood, so they are taken back.
  `
  create table sample_content (sample_id integer not null references imported_sample on delete cascade, hash text not null, primary key (sample_id, hash)) without rowid;
  create index sample_content_by_hash on sample_content (hash);
  delete from imported_sample where json_extract(line, '$.source') = 'synthetic' and json_array_length(line, '$.neg') > coalesce(json_array_length(line, '$.neg_ids'), 0);
  insert into sample_content select distinct i.id, substr(value, 1, instr(value, '#') - 1) from imported_sample i, json_each(i.line, '$.pos_ids')
    where instr(value, '#') > 1 and (json_extract(i.line, '$.source') = 'synthetic' or substr(value, 1, instr(value, '#') - 1) in (select hash from content));
  insert or ignore into sample_content select distinct i.id, substr(value, 1, instr(value, '#') - 1) from imported_sample i, json_each(i.line, '$.neg_ids')
    where instr(value, '#') > 1 and (json_extract(i.line, '$.source') = 'synthetic' or substr(value, 1, instr(value, '#') - 1) in (select hash from content));
  `,
  // How many chunks and words there are is asked with every question; the rows themselves are long.
  `
  create index content_sizes on content (chunks, words);
  `,
  // 12 — What a language model made of chunks when a deep level last learned. It goes with the content of a chunk, and with every
  // event that it follows from.
  `
  create table reward (
    id integer primary key autoincrement, teacher text not null,
    target text not null,               -- hash of the question and the answer that was accepted to it
    none real not null,                 -- score with no chunk at all
    margin real not null                -- by which a chunk has to exceed that
  );
  create index reward_of_target on reward (target);
  create table reward_chunk (
    reward_id integer not null references reward on delete cascade, content_id integer not null references content on delete cascade,
    start integer not null, end integer not null, score real not null, primary key (reward_id, content_id, start, end)
  ) without rowid;
  create index reward_chunk_of_content on reward_chunk (content_id);
  create table reward_event (reward_id integer not null references reward on delete cascade, event_id text not null, primary key (reward_id, event_id)) without rowid;
  create index reward_of_event on reward_event (event_id);
  create trigger reward_goes_with_event before delete on event begin delete from reward where id in (select reward_id from reward_event where event_id = old.id); end;
  `,
];

/**
 * Brings a library file up to date.
 *
 * @throws EngineError 'invalid' when the file was written by a newer Lodestone.
 */
export function migrate(db: Db, steps: readonly string[] = MIGRATIONS): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > steps.length) {
    throw new EngineError('invalid', `This library was written by a newer Lodestone (format ${version}, this one knows ${steps.length}). Update Lodestone to open it.`);
  }
  for (let step = version; step < steps.length; step++) {
    db.transaction(() => {
      // Another thread may have taken the step while this one waited for the lock.
      if ((db.pragma('user_version', { simple: true }) as number) > step) return;
      db.exec(steps[step]!);
      db.pragma(`user_version = ${step + 1}`);
    }).immediate();
  }
}
