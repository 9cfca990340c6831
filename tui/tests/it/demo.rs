//! The demonstration as it runs, on a terminal and without one, and the picture in the README that
//! is made from it: `HILLVIEW_UPDATE_DOCS=1 cargo test --workspace picture` draws it anew.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use portable_pty::CommandBuilder;

use crate::harness::{CTRL_Q, ENTER, Pty};
use crate::process;

const COLUMN: u16 = 8;
const ROW: u16 = 18;
const MARGIN: u16 = 12;

#[test]
fn without_a_terminal_the_demonstration_saves_a_mark_and_reads_it_back() {
    let shown = Command::new(process::binary())
        .arg("demo")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (said, words) = (shown.stdout, String::from_utf8_lossy(&shown.stderr));
    let said = String::from_utf8_lossy(&said);
    assert!(shown.status.success(), "{}\n{said}\n{words}", shown.status);
    assert!(words.contains("24 of 40 entered"), "{words}");
    assert!(words.contains("1 of 1 marks"), "{words}");
    let read_back = said.lines().last().unwrap();
    assert!(
        read_back.starts_with("read back: ") && read_back.contains("\"mark\":\"47\""),
        "{said}"
    );
}

#[test]
fn the_picture_shows_the_marks_grid_as_it_is() {
    let mut command = CommandBuilder::new(process::binary());
    command.arg("demo");
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env_remove("NO_COLOR");
    let mut demo = Pty::start(command);
    demo.wait_for("English / Grammar");
    demo.press(ENTER);
    demo.wait_for("24 of 40");
    demo.press("n");
    demo.press("47");
    demo.press(ENTER);
    demo.wait_for("25 of 40");
    demo.press("a");
    demo.wait_for("26 of 40");
    demo.press("61");
    demo.press(ENTER);
    demo.wait_for("61 is over 60");
    demo.settle();
    let drawn = draw(demo.emulator());
    demo.press(CTRL_Q);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/marks-grid.svg");
    if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == drawn,
        "docs/marks-grid.svg is old: HILLVIEW_UPDATE_DOCS=1 cargo test draws it anew; the screen:\n{}",
        demo.screen()
    );
}

/// The screen as a picture: text in runs of one look, reverse video as boxes.
fn draw(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = columns * COLUMN + 2 * MARGIN;
    let height = rows * ROW + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
        font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"13\">\n\
        <title>Hillview's marks grid in a terminal of 80 by 24</title>\n\
        <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#1c1f24\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let look = look(screen, row, column);
            let end = (column..columns).find(|c| self::look(screen, row, *c) != look);
            let end = end.unwrap_or(columns);
            if let Some(look) = look {
                run(&mut svg, screen, row, column..end, look);
            }
            column = end;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Whether a cell is reversed and bold, and its colour.
type Look = (bool, bool, vt100::Color);

/// How a cell looks; a blank looks like nothing, whatever it was blanked with.
fn look(screen: &vt100::Screen, row: u16, column: u16) -> Option<Look> {
    let cell = screen.cell(row, column).expect("a cell of the screen");
    let blank = cell.contents().trim().is_empty() && !cell.inverse();
    (!blank).then(|| (cell.inverse(), cell.bold(), cell.fgcolor()))
}

fn run(
    svg: &mut String,
    screen: &vt100::Screen,
    row: u16,
    columns: std::ops::Range<u16>,
    (inverse, bold, color): Look,
) {
    let text: String = columns
        .clone()
        .map(
            |column| match screen.cell(row, column).map(vt100::Cell::contents) {
                Some(text) if !text.is_empty() => text.to_owned(),
                _ => " ".to_owned(),
            },
        )
        .collect();
    let (x, y) = (MARGIN + columns.start * COLUMN, MARGIN + row * ROW);
    let length = (columns.end - columns.start) * COLUMN;
    let ink = ink(color);
    if inverse {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{length}\" height=\"{ROW}\" fill=\"{ink}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let ink = if inverse { "#1c1f24" } else { ink };
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" fill=\"{ink}\"{weight} textLength=\"{length}\" \
        xml:space=\"preserve\">{text}</text>",
        y + 14
    );
}

/// The sixteen colours of a terminal, as a dark theme has them.
fn ink(color: vt100::Color) -> &'static str {
    const COLORS: [&str; 16] = [
        "#1c1f24", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0",
        "#7f848e", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff",
    ];
    match color {
        vt100::Color::Idx(index) => COLORS.get(usize::from(index)).copied().unwrap_or(COLORS[7]),
        _ => COLORS[7],
    }
}
