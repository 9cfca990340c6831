//! The columns of a list: how wide each is in so much room, and which give way when it is narrow.

use super::text;
use crate::theme::Theme;

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    /// How wide it is, the space behind it included; the least when it grows.
    width: usize,
    /// Takes a share of the room that is left.
    grows: bool,
    /// Left out where there are fewer than 80 columns.
    gives_way: bool,
}

impl Column {
    pub const fn new(title: &'static str, width: usize) -> Self {
        Self {
            title,
            width,
            grows: false,
            gives_way: false,
        }
    }

    pub const fn grows(mut self) -> Self {
        self.grows = true;
        self
    }

    pub const fn gives_way(mut self) -> Self {
        self.gives_way = true;
        self
    }
}

/// Columns fitted into a width.
#[derive(Debug)]
pub struct Columns {
    widths: Vec<usize>,
    theme: Theme,
}

impl Columns {
    pub fn fit(columns: &[Column], room: usize, theme: Theme) -> Self {
        let narrow = room < 76;
        let shown = |column: &Column| !(narrow && column.gives_way);
        let fixed: usize = columns
            .iter()
            .filter(|column| shown(column))
            .map(|column| column.width)
            .sum();
        let growing = columns
            .iter()
            .filter(|column| column.grows && shown(column));
        let share = room.saturating_sub(fixed) / growing.count().max(1);
        let width = |column: &Column| match (shown(column), column.grows) {
            (false, _) => 0,
            (true, false) => column.width,
            (true, true) => column.width + share,
        };
        Self {
            widths: columns.iter().map(width).collect(),
            theme,
        }
    }

    /// A line of the list: each cell cut to its column, a space between any two.
    pub fn line<'a>(&self, cells: impl IntoIterator<Item = &'a str>) -> String {
        let mut line = String::new();
        for (cell, width) in cells.into_iter().zip(&self.widths) {
            if let Some(room) = width.checked_sub(1) {
                line += &text::left(cell, room, self.theme);
                line.push(' ');
            }
        }
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Palette;

    const THEME: Theme = Theme {
        palette: Palette::Monochrome,
        ascii: true,
    };
    const COLUMNS: [Column; 3] = [
        Column::new("Name", 10).grows(),
        Column::new("Number", 8).gives_way(),
        Column::new("State", 9),
    ];

    #[test]
    fn what_is_left_goes_to_the_column_that_grows() {
        let columns = Columns::fit(&COLUMNS, 80, THEME);
        assert_eq!(
            columns.line(["Hassan Amina", "17", "active"]),
            format!("{:63}17      active", "Hassan Amina")
        );
    }

    #[test]
    fn a_column_gives_way_where_it_is_narrow() {
        let columns = Columns::fit(&COLUMNS, 21, THEME);
        assert_eq!(
            columns.line(["Hassan Amina", "17", "active"]),
            "Hassan Ami~ active"
        );
    }
}
