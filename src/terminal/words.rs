//! Words with a style, put into lines that are no wider than asked for.

use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

use super::{Look, links};

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) underlined: bool,
    pub(super) code: bool,
}

impl Style {
    /// The parameters of the escape sequence that switches it on.
    fn parameters(self) -> String {
        let all = [(self.bold, "1"), (self.italic, "3"), (self.underlined, "4"), (self.code, "36")];
        all.iter().filter(|(on, _)| *on).map(|(_, parameter)| *parameter).collect::<Vec<_>>().join(";")
    }
}

/// A part of a word that looks the same all over.
#[derive(Clone, Debug)]
struct Piece {
    text: String,
    style: Style,
    /// Where it leads.
    link: Option<Arc<str>>,
}

/// Text that no line break divides: pieces between two blanks.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pieces: Vec<Piece>,
    /// The span of code that it is a part of, when that has blanks in it.
    span: Option<usize>,
    /// A line ends before it, however much room is left.
    starts_line: bool,
}

impl Word {
    /// The same word as plain text.
    pub(super) fn plain(&self) -> Word {
        let text = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        Word { pieces: vec![Piece { text, style: Style::default(), link: None }], span: None, starts_line: false }
    }

    /// Adds plain text at its end.
    pub(super) fn push_plain(&mut self, text: &str) {
        self.pieces.push(Piece { text: text.to_owned(), style: Style::default(), link: None });
    }

    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.width()).sum()
    }
}

/// Takes text in and gives words out.
#[derive(Debug, Default)]
pub(super) struct Words {
    done: Vec<Word>,
    current: Word,
    spans: usize,
    /// Where what comes next leads.
    link: Option<Arc<str>>,
}

impl Words {
    /// Text that may be broken at its blanks.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        for (at, part) in text.split(char::is_whitespace).enumerate() {
            if at > 0 {
                self.end_word();
            }
            self.glue(part, style);
        }
    }

    /// A span of code, which stays on one line where a line is wide enough for it.
    pub(super) fn push_code(&mut self, text: &str, style: Style, marks: bool) {
        let quoted = if marks { format!("`{text}`") } else { text.to_owned() };
        self.spans += 1;
        for (at, part) in quoted.split(' ').enumerate() {
            if at > 0 {
                self.end_word();
            }
            self.current.span = Some(self.spans);
            self.glue(part, Style { code: true, ..style });
        }
    }

    /// What follows leads there, until it is told otherwise.
    pub(super) fn set_link(&mut self, target: Option<Arc<str>>) {
        self.link = target;
    }

    /// The next word starts a line.
    pub(super) fn break_line(&mut self) {
        self.end_word();
        self.current.starts_line = true;
    }

    /// All words so far.
    pub(super) fn take(&mut self) -> Vec<Word> {
        self.end_word();
        std::mem::take(&mut self.done)
    }

    fn glue(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        match self.current.pieces.last_mut() {
            Some(last) if last.style == style && last.link == self.link => last.text.push_str(text),
            _ => self.current.pieces.push(Piece { text: text.to_owned(), style, link: self.link.clone() }),
        }
    }

    fn end_word(&mut self) {
        if !self.current.pieces.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
        }
    }
}

/// Columns of words on one line.
pub(super) fn width_of(words: &[Word]) -> usize {
    words.iter().map(Word::width).sum::<usize>() + words.len().saturating_sub(1)
}

/// Words in lines of a width. A word that is wider than a line stays whole.
pub(super) fn wrap(words: &[Word], width: usize) -> Vec<&[Word]> {
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, word) in words.iter().enumerate() {
        let needed = used + 1 + room_for(words, at, width);
        if at > start && (word.starts_line || needed > width) {
            lines.push(&words[start..at]);
            (start, used) = (at, word.width());
        } else {
            used += word.width() + usize::from(at > start);
        }
    }
    if start < words.len() {
        lines.push(&words[start..]);
    }
    lines
}

/// The columns that have to be free for a word: those of its whole span, when it is the first of one that fits on a line.
fn room_for(words: &[Word], at: usize, width: usize) -> usize {
    let own = words[at].width();
    let is_first = at == 0 || words[at - 1].span != words[at].span;
    if words[at].span.is_none() || !is_first {
        return own;
    }
    let length = words[at..].iter().take_while(|word| word.span == words[at].span).count();
    let whole = width_of(&words[at..at + length]);
    if whole <= width { whole } else { own }
}

/// One line as it is printed.
pub(super) fn paint(line: &[Word], look: Look<'_>) -> String {
    let mut pen = Pen { out: String::new(), on: Style::default(), link: None, look };
    for (at, word) in line.iter().enumerate() {
        if at > 0 {
            // A blank within code or a heading looks like its neighbours, and leads where they do.
            let first = word.pieces.first();
            if first.is_none_or(|next| next.style != pen.on || next.link != pen.link) {
                pen.switch(Style::default(), None);
            }
            pen.out.push(' ');
        }
        for piece in &word.pieces {
            pen.switch(piece.style, piece.link.clone());
            pen.out.push_str(&piece.text);
        }
    }
    pen.switch(Style::default(), None);
    pen.out
}

/// What is printed so far, and how what comes next would look.
struct Pen<'l> {
    out: String,
    on: Style,
    link: Option<Arc<str>>,
    look: Look<'l>,
}

impl Pen<'_> {
    fn switch(&mut self, to: Style, link: Option<Arc<str>>) {
        if self.look.colour && self.on != to {
            if self.on != Style::default() {
                self.out.push_str("\u{1b}[0m");
            }
            if to != Style::default() {
                self.out.push_str("\u{1b}[");
                self.out.push_str(&to.parameters());
                self.out.push('m');
            }
        }
        self.on = to;
        if self.link != link {
            match &link {
                Some(url) => self.out.push_str(&links::open(url)),
                None => self.out.push_str(links::CLOSE),
            }
        }
        self.link = link;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look<'_> = Look { width: 20, colour: false, links: None };

    fn lines(words: &mut Words, look: Look<'_>) -> Vec<String> {
        wrap(&words.take(), look.width).into_iter().map(|line| paint(line, look)).collect()
    }

    #[test]
    fn a_span_of_code_stays_together_where_a_line_is_wide_enough() {
        let mut words = Words::default();
        words.push("compare with (", Style::default());
        words.push_code("SHOW limit", Style::default(), true);
        words.push("), then go on", Style::default());
        assert_eq!(lines(&mut words, PLAIN), ["compare with", "(`SHOW limit`), then", "go on"]);
    }

    #[test]
    fn a_span_that_is_wider_than_a_line_is_broken_at_its_blanks_only() {
        let mut words = Words::default();
        words.push_code("kubectl get events --sort-by=.lastTimestamp", Style::default(), true);
        assert_eq!(lines(&mut words, PLAIN), ["`kubectl get events", "--sort-by=.lastTimestamp`"]);
    }

    #[test]
    fn colours_end_with_the_line_and_cover_the_blanks_within_code() {
        let look = Look { width: 9, colour: true, links: None };
        let mut words = Words::default();
        words.push("a ", Style::default());
        words.push_code("b c", Style::default(), false);
        words.push(" and so on", Style { bold: true, ..Style::default() });
        assert_eq!(lines(&mut words, look), ["a \u{1b}[36mb c\u{1b}[0m \u{1b}[1mand\u{1b}[0m", "\u{1b}[1mso on\u{1b}[0m"]);
    }
}
