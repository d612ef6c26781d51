//! Words of a shell-like line, each with its line: what Dockerfiles, units and env files are made of.

/// A word without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: u32,
}

/// Splits lines that belong together at white space; quotes hold a word together and `\` takes the next character as it is.
pub(super) fn split(lines: &[(u32, &str)]) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut quote: Option<char> = None;
    for (line, text) in lines {
        let mut open = quote.is_some();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match quote {
                None if c.is_whitespace() => {
                    open = false;
                    continue;
                }
                Some(end) if c == end => {
                    quote = None;
                    continue;
                }
                None if c == '"' || c == '\'' => {
                    quote = Some(c);
                    if !open {
                        out.push(Word { text: String::new(), line: *line });
                        open = true;
                    }
                    continue;
                }
                _ => {}
            }
            let c = if c == '\\' && quote != Some('\'') { chars.next().unwrap_or('\\') } else { c };
            if !open {
                out.push(Word { text: String::new(), line: *line });
                open = true;
            }
            if let Some(word) = out.last_mut() {
                word.text.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together_and_each_word_knows_its_line() {
        let words = split(&[(1, "A=\"one two\" B='x'"), (2, " C=\\ y")]);
        let shown: Vec<String> = words.iter().map(|word| format!("{}:{}", word.line, word.text)).collect();
        assert_eq!(shown, ["1:A=one two", "1:B=x", "2:C= y"]);
    }
}
