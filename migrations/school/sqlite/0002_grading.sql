-- Grading schemes. A scheme that was used is never edited: a new version is added.

create table if not exists scheme (
    id integer not null primary key autoincrement,
    code text not null,
    version integer not null,
    rounding text not null,
    created_at integer not null,
    constraint scheme_code_version_unique unique (code, version)
);

-- lower: inclusive lower bound in hundredths of a percent. points: in hundredths.
create table if not exists band (
    scheme_id integer not null,
    ordinal integer not null,
    code text not null,
    label text not null,
    lower integer not null,
    points integer not null,
    primary key (scheme_id, ordinal),
    constraint band_scheme_id_code_unique unique (scheme_id, code),
    constraint band_scheme_id_exists foreign key (scheme_id) references scheme (id),
    constraint band_range check (lower between 0 and 10000)
);
