//! What a pane shows, as data: the same five slots in every stage, and a body. The screen and the linear view both
//! draw from it, so they can't tell different stories.
//!
//! Must not know: colours, sizes, glyphs.

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Dim,
    Strong,
    Good,
    Warn,
    Bad,
}

/// A line in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(pub Vec<(Tone, String)>);

impl Text {
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![(Tone::Plain, text.into())])
    }

    pub fn tone(tone: Tone, text: impl Into<String>) -> Self {
        Self(vec![(tone, text.into())])
    }

    #[must_use]
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }

    /// Without its tones.
    pub fn flat(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::plain(text)
    }
}

/// The one next thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoNow {
    /// The action to take; `None`: nothing to press, the program is working or the stage is settled.
    pub action: Option<&'static str>,
    /// In one line: what.
    pub what: String,
    /// What it will do, what it costs.
    pub effect: String,
    /// How it will be checked.
    pub check: String,
}

/// A pane's content.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    pub do_now: DoNow,
    /// What is known, a line each.
    pub see: Vec<Text>,
    /// What was seen that proves it; empty reads "none yet".
    pub evidence: Vec<Text>,
    /// Other ways: by hand, instructions.
    pub way_out: Vec<Text>,
    pub body: Vec<Block>,
}

/// Something long, to be read, filtered and scrolled in a pane of its own. An item is one or more lines that belong
/// together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    pub title: String,
    pub items: Vec<Vec<Text>>,
}

impl Listing {
    /// The items in which every word of `filter` stands.
    pub fn fitting<'a>(&'a self, filter: &str) -> impl Iterator<Item = &'a Vec<Text>> {
        let words: Vec<String> = filter.to_lowercase().split_whitespace().map(str::to_owned).collect();
        self.items.iter().filter(move |item| {
            let said = item.iter().map(Text::flat).collect::<Vec<_>>().join(" ").to_lowercase();
            words.iter().all(|word| said.contains(word))
        })
    }
}

/// A part of the body, drawn below the slots.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Lines { title: String, lines: Vec<Text> },
    Table(Table),
    Chart(Chart),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    pub title: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<Text>>,
    /// The cursor moves in this table.
    pub picks: bool,
    /// It asks something: it stands above what is seen.
    pub leads: bool,
}

/// Figures over time with marks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    pub title: String,
    /// Unix seconds and value, ascending.
    pub points: Vec<(i64, f64)>,
    pub from: i64,
    pub to: i64,
    /// Unix second, letter, word.
    pub marks: Vec<(i64, char, String)>,
    pub unit: String,
}
