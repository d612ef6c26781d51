//! A shell's text as simple commands, each with its line: quotes, continued lines, pipes and here-documents are known, nothing is
//! evaluated.

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) line: u32,
    /// `A=1` before the program.
    pub(super) sets: Vec<(String, String)>,
    /// The program and its arguments, without quotes.
    pub(super) words: Vec<String>,
    /// Files that its output goes to.
    pub(super) writes: Vec<String>,
}

/// Words that may stand before a command and are none.
const KEYWORDS: &[&str] = &["if", "then", "else", "elif", "while", "until", "do", "!", "{", "(", "time", "fi", "done", "esac", "}"];
/// A text has at most so many commands.
const MAX_COMMANDS: usize = 5_000;

/// The commands of a text that starts at a line.
pub(super) fn commands(text: &str, first_line: u32) -> Vec<Command> {
    let mut reader = Reader { line: first_line, ..Reader::default() };
    let mut rest = text;
    while !rest.is_empty() && reader.out.len() < MAX_COMMANDS {
        rest = reader.step(rest);
    }
    reader.end_command();
    reader.out
}

/// The commands of a command line that a manifest gives: `sh -c "…"`, `["sh", "-c", "…"]`, or one command as it is. Their lines say
/// nothing.
pub(super) fn inline(words: &[String]) -> Vec<Command> {
    let told = match words {
        [one] => commands(one, 1),
        words => vec![Command { line: 1, words: words.to_vec(), ..Command::default() }],
    };
    told.into_iter()
        .flat_map(|command| match of_shell(&command.words) {
            Some(text) => commands(text, 1),
            None => vec![command],
        })
        .collect()
}

/// The text that a shell is given to run: `/bin/sh -ec "…"`.
fn of_shell(words: &[String]) -> Option<&str> {
    let at = words.iter().take(4).position(|word| matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash")))?;
    let flag = words[at + 1..].iter().position(|word| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))?;
    words.get(at + flag + 2).map(String::as_str)
}

#[derive(Default)]
struct Reader {
    line: u32,
    out: Vec<Command>,
    command: Command,
    word: Option<String>,
    /// The next word is a file that is written, or one that says nothing.
    target: Option<bool>,
    /// Ends of here-documents that start below this line.
    heredocs: Vec<String>,
    awaits_heredoc: bool,
}

impl Reader {
    /// Reads one character, quoted text or sign; what is left.
    fn step<'t>(&mut self, text: &'t str) -> &'t str {
        let Some(c) = text.chars().next() else { return "" };
        let rest = &text[c.len_utf8()..];
        match c {
            '\\' => {
                if let Some(after) = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
                    self.end_word();
                    self.line += 1;
                    return after;
                }
                let Some(escaped) = rest.chars().next() else { return "" };
                self.push(escaped);
                &rest[escaped.len_utf8()..]
            }
            '\'' | '"' => self.quoted(c, rest),
            '\n' => {
                self.end_command();
                self.line += 1;
                self.skip_heredocs(rest)
            }
            '#' if self.word.is_none() => rest.find('\n').map_or("", |end| &rest[end..]),
            ';' | '|' | '&' | '(' | ')' | '`' => {
                // `2>&1` is no end.
                if c == '&' && self.target.is_some() {
                    self.target = Some(false);
                    return rest;
                }
                self.end_command();
                rest
            }
            '>' => {
                // `2>` and `&>` say which output; the number is no word.
                if self.word.as_deref().is_some_and(|word| word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_digit())) {
                    self.word = None;
                }
                self.end_word();
                self.target = Some(true);
                rest.strip_prefix('>').unwrap_or(rest)
            }
            '<' => {
                self.end_word();
                if let Some(after) = rest.strip_prefix('<') {
                    self.awaits_heredoc = !after.starts_with('<');
                    self.target = Some(false);
                    return after.trim_start_matches(['<', '-']);
                }
                self.target = Some(false);
                rest
            }
            c if c.is_whitespace() => {
                self.end_word();
                rest
            }
            '$' if rest.starts_with(['{', '(']) => self.bracketed(rest),
            c => {
                self.push(c);
                rest
            }
        }
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn quoted<'t>(&mut self, quote: char, text: &'t str) -> &'t str {
        let mut word = self.word.take().unwrap_or_default();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.word = Some(word);
                    return &text[at + c.len_utf8()..];
                }
                '\\' if quote == '"' => match chars.next() {
                    Some((_, '\n')) => self.line += 1,
                    Some((_, escaped)) => word.push(escaped),
                    None => {}
                },
                c => {
                    self.line += u32::from(c == '\n');
                    word.push(c);
                }
            }
        }
        self.word = Some(word);
        ""
    }

    /// `${NAME:-default}`, `$(command)`: one piece of a word.
    fn bracketed<'t>(&mut self, text: &'t str) -> &'t str {
        let mut word = self.word.take().unwrap_or_default();
        word.push('$');
        let mut depth = 0_u32;
        for (at, c) in text.char_indices() {
            match c {
                '{' | '(' => depth += 1,
                '}' | ')' => depth = depth.saturating_sub(1),
                '\n' => self.line += 1,
                '"' => continue,
                _ => {}
            }
            word.push(c);
            if depth == 0 {
                self.word = Some(word);
                return &text[at + c.len_utf8()..];
            }
        }
        self.word = Some(word);
        ""
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match self.target.take() {
            Some(written) => {
                if std::mem::take(&mut self.awaits_heredoc) {
                    self.heredocs.push(word);
                } else if written {
                    self.command.writes.push(word);
                }
                return;
            }
            None if self.command.words.is_empty() => {
                if KEYWORDS.contains(&word.as_str()) {
                    return;
                }
                let name = word.split_once('=').filter(|(name, _)| is_name(name));
                if let Some((name, value)) = name {
                    self.start();
                    self.command.sets.push((name.to_owned(), value.to_owned()));
                    return;
                }
            }
            None => {}
        }
        self.start();
        self.command.words.push(word);
    }

    fn start(&mut self) {
        if self.command.line == 0 {
            self.command.line = self.line;
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.target = None;
        let mut command = std::mem::take(&mut self.command);
        if command.line == 0 {
            command.line = self.line;
        }
        if !command.words.is_empty() || !command.sets.is_empty() || !command.writes.is_empty() {
            self.out.push(command);
        }
    }

    /// Passes over the lines of here-documents; `text` starts with the first of them.
    fn skip_heredocs<'t>(&mut self, mut text: &'t str) -> &'t str {
        for end in std::mem::take(&mut self.heredocs) {
            loop {
                let (line, rest) = match text.split_once('\n') {
                    Some((line, rest)) => (line, rest),
                    None if text.is_empty() => return "",
                    None => (text, ""),
                };
                text = rest;
                self.line += 1;
                if line.trim() == end {
                    break;
                }
            }
        }
        text
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let say = |one: &Command| {
            let sets: Vec<String> = one.sets.iter().map(|(name, value)| format!("{name}={value} ")).collect();
            let writes: Vec<String> = one.writes.iter().map(|path| format!(" > {path}")).collect();
            format!("{}: {}{}{}", one.line, sets.concat(), one.words.join(" "), writes.concat())
        };
        commands(text, 1).iter().map(say).collect()
    }

    #[test]
    fn commands_stand_on_their_lines_whatever_joins_them() {
        assert_eq!(
            shown(
                "A=1 shop migrate \\\n  --all && exec shop | tee /var/log/x\nif [ -n \"$A\" ]; then mkdir -p \"${DATA:-/data}/up loads\"; fi\n"
            ),
            ["1: A=1 shop migrate --all", "2: exec shop", "2: tee /var/log/x", "3: [ -n $A ]", "3: mkdir -p ${DATA:-/data}/up loads"]
        );
    }

    #[test]
    fn here_documents_are_no_commands_and_redirections_are_no_words() {
        assert_eq!(
            shown(
                "cat > /etc/shop.toml <<EOF\nmkdir /not\nEOF\nshop check > /dev/null 2>&1 # mkdir /not\necho 'mkdir /not; exec x' >> log\n"
            ),
            ["1: cat > /etc/shop.toml", "4: shop check > /dev/null", "5: echo mkdir /not; exec x > log"]
        );
    }

    #[test]
    fn what_a_shell_is_given_is_read_in_either_form() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        for form in [
            words(&["/bin/sh -c \"\n mkdir -p /data/a;\n minio server\n\""]),
            words(&["sh", "-ec", "mkdir -p /data/a; minio server"]),
            words(&["tini", "--", "bash", "-c", "mkdir -p /data/a\nminio server"]),
        ] {
            let found: Vec<String> = inline(&form).iter().map(|one| one.words.join(" ")).collect();
            assert_eq!(found, ["mkdir -p /data/a", "minio server"]);
        }
        assert_eq!(inline(&words(&["echo", "mkdir /x"]))[0].words[0], "echo");
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text() {
        for text in ["echo \"a", "echo ${a", "cat <<EOF\nx", "a \\", "'", "$(", ">", "<<"] {
            assert!(commands(text, 1).len() <= 1, "{text}");
        }
    }
}
