//! Where the lines of a text begin, for whoever asks for the lines of many offsets: counting each from the start takes for ever.

/// The lines of a text.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Finds them.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { starts }
    }

    /// The line of a byte offset, from 1.
    #[must_use]
    pub fn line(&self, at: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    /// The byte offset where the line of an offset begins.
    #[must_use]
    pub fn start(&self, at: usize) -> usize {
        self.starts[self.starts.partition_point(|start| *start <= at) - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::line_of;

    #[test]
    fn lines_are_those_that_counting_finds() {
        for text in ["", "a", "a\nb\n", "\n\n", "é\r\nb"] {
            let lines = Lines::new(text);
            for at in 0..=text.len() {
                assert_eq!(lines.line(at), line_of(text, at), "{text:?} {at}");
                assert_eq!(lines.start(at), text.as_bytes()[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |feed| feed + 1));
            }
        }
    }
}
