//! Templates of Go, as Helm writes them, parsed: text, actions, blocks. What does not parse is kept as an action that nothing knows.

/// Blocks nest at most so deep.
const MAX_DEPTH: usize = 64;
/// A template has at most so many pieces.
const MAX_PIECES: usize = 50_000;

/// A piece of a template, with its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) line: u32,
    pub(super) what: What,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Text(String),
    /// A value that is written.
    Write(Expr),
    /// `{{ $x := … }}`, `{{ $x = … }}`: name, value, whether it is new.
    Set(String, Expr, bool),
    /// Branches of `if`, each with its condition; none is `else`.
    If(Vec<(Option<Expr>, Vec<Piece>)>),
    /// `with`, with the variable that it sets, and `else`.
    With(Option<String>, Expr, Vec<Piece>, Vec<Piece>),
    /// `range`, with the variables for key and value, and `else`.
    Range(Vec<String>, Expr, Vec<Piece>, Vec<Piece>),
    /// `define`, `block`: what it is called; a block is written where it stands, too.
    Define(String, Vec<Piece>, Option<Expr>),
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// `"text"`, `12`, `true`: the text, and whether it was quoted.
    Literal(String, bool),
    Nil,
    /// `.a.b`, `$.a`, `$x.a`: the variable (none is the dot) and the fields.
    Path(Option<String>, Vec<String>),
    /// A function with its arguments; a pipeline gives its value as the last one.
    Call(String, Vec<Expr>),
    /// `(…).a.b`.
    Field(Box<Expr>, Vec<String>),
    /// Not understood: the text.
    Odd(String),
}

/// Parses a template.
pub(super) fn parse(text: &str) -> Vec<Piece> {
    let mut parser = Parser { segments: segments(text), at: 0, pieces: 0 };
    let mut out = Vec::new();
    while parser.at < parser.segments.len() {
        let (mut pieces, _) = parser.block(0);
        out.append(&mut pieces);
    }
    out
}

/// Text or an action.
enum Segment {
    Text(u32, String),
    Action(u32, String),
}

/// Cuts a text into actions and what is between them; `{{-` and `-}}` take white space away, comments are left out.
fn segments(text: &str) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut line = 1_u32;
    let mut trim_start = false;
    let lines = |text: &str| u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(0);
    loop {
        let open = rest.find("{{");
        let mut between = &rest[..open.unwrap_or(rest.len())];
        let after_text = line + lines(between);
        let trims_end = open.is_some_and(|at| is_trim(&rest[at + 2..]));
        if trim_start {
            let trimmed = between.trim_start();
            line += lines(&between[..between.len() - trimmed.len()]);
            between = trimmed;
        }
        if trims_end {
            between = between.trim_end();
        }
        if !between.is_empty() {
            out.push(Segment::Text(line, between.to_owned()));
        }
        let Some(open) = open else { break };
        line = after_text;
        let inner = &rest[open + 2..];
        let Some(end) = end_of(inner) else { break };
        let action = &inner[..end];
        trim_start = action.ends_with('-') && action.trim_end_matches('-').ends_with(char::is_whitespace);
        let body = if is_trim(action) { &action[1..] } else { action };
        let body = if trim_start { &body[..body.len() - 1] } else { body };
        let blank = lines(&body[..body.len() - body.trim_start().len()]);
        let body = body.trim();
        if !body.starts_with("/*") {
            out.push(Segment::Action(line + blank, body.to_owned()));
        }
        line += lines(action);
        rest = &inner[end + 2..];
    }
    out
}

/// `{{-` with white space behind it.
fn is_trim(action: &str) -> bool {
    action.strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// Where an action ends; signs within quotes and comments are passed over.
fn end_of(text: &str) -> Option<usize> {
    let start = text.trim_start_matches('-').trim_start();
    if start.starts_with("/*") {
        let comment = text.find("*/")?;
        return text[comment..].find("}}").map(|at| comment + at);
    }
    let mut quote: Option<u8> = None;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(end), byte) if byte == end => quote = None,
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

struct Parser {
    segments: Vec<Segment>,
    at: usize,
    pieces: usize,
}

impl Parser {
    /// The pieces up to the action that ends or turns the block, and that action.
    fn block(&mut self, depth: usize) -> (Vec<Piece>, Option<String>) {
        let mut out = Vec::new();
        while let Some(segment) = self.segments.get_mut(self.at) {
            self.at += 1;
            self.pieces += 1;
            if self.pieces > MAX_PIECES || depth > MAX_DEPTH {
                self.at = self.segments.len();
                break;
            }
            let (line, action) = match segment {
                Segment::Text(line, text) => {
                    out.push(Piece { line: *line, what: What::Text(std::mem::take(text)) });
                    continue;
                }
                Segment::Action(line, action) => (*line, std::mem::take(action)),
            };
            let word = action.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
            let rest = action[word.len()..].trim().to_owned();
            let what = match word {
                "end" | "else" => return (out, Some(action)),
                "if" => self.branches(rest, depth),
                "with" => {
                    let (names, value) = variables(&rest);
                    let (body, otherwise) = self.two(depth);
                    What::With(names.into_iter().next(), expression(value), body, otherwise)
                }
                "range" => {
                    let (names, value) = variables(&rest);
                    let (body, otherwise) = self.two(depth);
                    What::Range(names, expression(value), body, otherwise)
                }
                "define" | "block" => {
                    let tokens = tokens(&rest);
                    let name = match tokens.first() {
                        Some(Token::Quoted(name)) => name.clone(),
                        _ => String::new(),
                    };
                    let argument = (word == "block").then(|| of_tokens(tokens.get(1..).unwrap_or_default()));
                    let (body, _) = self.two(depth);
                    What::Define(name, body, argument)
                }
                "template" => What::Write(expression(&format!("include {rest}"))),
                "break" | "continue" => What::Text(String::new()),
                _ => match variables(&action) {
                    (names, value) if names.len() == 1 => What::Set(names[0].clone(), expression(value), action.contains(":=")),
                    _ => What::Write(expression(&action)),
                },
            };
            out.push(Piece { line, what });
        }
        (out, None)
    }

    fn branches(&mut self, condition: String, depth: usize) -> What {
        let mut branches = Vec::new();
        let mut condition = Some(expression(&condition));
        loop {
            let (body, end) = self.block(depth + 1);
            branches.push((condition.take(), body));
            let Some(turn) = end.as_deref().and_then(|end| end.strip_prefix("else")).filter(|_| branches.len() < 1_000) else { break };
            condition = turn.trim().strip_prefix("if").map(expression);
        }
        What::If(branches)
    }

    /// A body, and what stands after `else`.
    fn two(&mut self, depth: usize) -> (Vec<Piece>, Vec<Piece>) {
        let (body, end) = self.block(depth + 1);
        if end.is_some_and(|end| end.starts_with("else")) {
            let (otherwise, _) = self.block(depth + 1);
            return (body, otherwise);
        }
        (body, Vec::new())
    }
}

/// `$k, $v := value`: the names, and the value; no names when it sets none.
fn variables(text: &str) -> (Vec<String>, &str) {
    let Some(at) = text.find('=').filter(|_| text.starts_with('$')) else { return (Vec::new(), text) };
    let names = text[..at].trim_end_matches(':');
    let names: Vec<String> = names.split(',').map(|name| name.trim().trim_start_matches('$').to_owned()).collect();
    let is_name = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if names.iter().all(is_name) { (names, &text[at + 1..]) } else { (Vec::new(), text) }
}

/// Words of an action.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Quoted(String),
    Word(String),
    Open,
    /// With the fields behind it.
    Close(Vec<String>),
    Pipe,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        if out.len() > 2_000 {
            break;
        }
        match c {
            '"' | '`' => {
                let (token, after) = quoted(c, &rest[1..]);
                out.push(token);
                rest = after;
            }
            '(' => {
                out.push(Token::Open);
                rest = &rest[1..];
            }
            ')' => {
                let after = &rest[1..];
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(after.len());
                let fields = after[..end].split('.').filter(|field| !field.is_empty()).map(str::to_owned).collect();
                out.push(Token::Close(fields));
                rest = &after[end..];
            }
            '|' => {
                out.push(Token::Pipe);
                rest = &rest[1..];
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"' | '`')).unwrap_or(rest.len());
                out.push(Token::Word(rest[..end.max(1)].to_owned()));
                rest = &rest[end.max(c.len_utf8())..];
            }
        }
        rest = rest.trim_start();
    }
    out
}

fn quoted(quote: char, text: &str) -> (Token, &str) {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return (Token::Quoted(out), &text[at + 1..]),
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, escaped)) => out.push(escaped),
                None => {}
            },
            c => out.push(c),
        }
    }
    (Token::Quoted(out), "")
}

/// The expression of an action's text.
pub(super) fn expression(text: &str) -> Expr {
    of_tokens(&tokens(text))
}

fn of_tokens(tokens: &[Token]) -> Expr {
    let mut at = 0;
    let found = pipeline(tokens, &mut at, 0);
    match found {
        Some(expr) if at == tokens.len() => expr,
        _ => Expr::Odd(shown(tokens)),
    }
}

/// An action that is not understood, as text; what is quoted may be a secret.
fn shown(tokens: &[Token]) -> String {
    let words: Vec<&str> = tokens
        .iter()
        .map(|token| match token {
            Token::Quoted(_) => "…",
            Token::Word(word) => word,
            Token::Open => "(",
            Token::Close(_) => ")",
            Token::Pipe => "|",
        })
        .collect();
    words.join(" ")
}

fn pipeline(tokens: &[Token], at: &mut usize, depth: usize) -> Option<Expr> {
    let mut value = command(tokens, at, depth)?;
    while tokens.get(*at) == Some(&Token::Pipe) {
        *at += 1;
        value = match command(tokens, at, depth)? {
            Expr::Call(name, mut arguments) => {
                arguments.push(value);
                Expr::Call(name, arguments)
            }
            _ => return None,
        };
    }
    Some(value)
}

fn command(tokens: &[Token], at: &mut usize, depth: usize) -> Option<Expr> {
    let first = operand(tokens, at, depth)?;
    let mut arguments = Vec::new();
    while tokens.get(*at).is_some_and(|token| !matches!(token, Token::Pipe | Token::Close(_))) {
        arguments.push(operand(tokens, at, depth)?);
    }
    match first {
        Expr::Call(name, before) if before.is_empty() => {
            // A function as an argument takes none itself.
            Some(Expr::Call(name, arguments))
        }
        other if arguments.is_empty() => Some(other),
        // `.Files.Get "x"`, `.Capabilities.APIVersions.Has "y"`: methods.
        Expr::Path(_, fields) => Some(Expr::Call(format!(".{}", fields.join(".")), arguments)),
        _ => None,
    }
}

fn operand(tokens: &[Token], at: &mut usize, depth: usize) -> Option<Expr> {
    let token = tokens.get(*at)?;
    *at += 1;
    Some(match token {
        Token::Quoted(text) => Expr::Literal(text.clone(), true),
        Token::Open if depth < MAX_DEPTH => {
            let inner = pipeline(tokens, at, depth + 1)?;
            let Some(Token::Close(fields)) = tokens.get(*at) else { return None };
            *at += 1;
            if fields.is_empty() { inner } else { Expr::Field(Box::new(inner), fields.clone()) }
        }
        Token::Word(word) => match word.as_str() {
            "nil" => Expr::Nil,
            "true" | "false" => Expr::Literal(word.clone(), false),
            word if word.parse::<f64>().is_ok() => Expr::Literal(word.to_owned(), false),
            word if word.starts_with('.') => Expr::Path(None, fields(&word[1..])),
            word if word.starts_with('$') => {
                let (name, rest) = word[1..].split_once('.').unwrap_or((&word[1..], ""));
                Expr::Path(Some(name.to_owned()), fields(rest))
            }
            word if word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => Expr::Call(word.to_owned(), Vec::new()),
            _ => return None,
        },
        _ => return None,
    })
}

fn fields(text: &str) -> Vec<String> {
    text.split('.').filter(|field| !field.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(fields: &[&str]) -> Expr {
        Expr::Path(None, fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn pipelines_give_their_value_as_the_last_argument() {
        let call = |name: &str, arguments: Vec<Expr>| Expr::Call(name.to_owned(), arguments);
        let text = |text: &str| Expr::Literal(text.to_owned(), true);
        assert_eq!(
            expression(".Values.a | default \"x\" | quote"),
            call("quote", vec![call("default", vec![text("x"), path(&["Values", "a"])])])
        );
        assert_eq!(expression("and .a (eq .b \"c d\")"), call("and", vec![path(&["a"]), call("eq", vec![path(&["b"]), text("c d")])]));
        assert_eq!(
            expression("(index .a 0).b"),
            Expr::Field(Box::new(call("index", vec![path(&["a"]), Expr::Literal("0".into(), false)])), vec!["b".into()])
        );
        assert_eq!(expression("$x.y"), Expr::Path(Some("x".into()), vec!["y".into()]));
        assert!(matches!(expression("a ) b"), Expr::Odd(_)));
        assert!(!format!("{:?}", expression("a ) \"hunter2\"")).contains("hunter2"));
    }

    #[test]
    fn lines_are_kept_and_white_space_is_taken_away_where_it_is_said() {
        let pieces = parse("a:\n  {{- if .x }}\n  b: {{ .y }}\n  {{- end }}\nc: 1\n");
        let What::If(branches) = &pieces[1].what else { panic!("{pieces:?}") };
        assert_eq!((pieces[0].line, &pieces[0].what), (1, &What::Text("a:".into())));
        assert_eq!((branches[0].1[0].line, &branches[0].1[0].what), (2, &What::Text("\n  b: ".into())));
        assert_eq!((branches[0].1[1].line, &branches[0].1[1].what), (3, &What::Write(path(&["y"]))));
        assert_eq!((pieces[2].line, &pieces[2].what), (4, &What::Text("\nc: 1\n".into())));
    }

    #[test]
    fn blocks_have_branches_and_variables() {
        let pieces = parse(
            "{{ range $k, $v := .m }}{{ $k }}{{ else }}none{{ end }}{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}{{ $x := 1 }}{{/* a }} b */}}",
        );
        assert!(
            matches!(&pieces[0].what, What::Range(names, _, body, otherwise) if names.len() == 2 && body.len() == 1 && otherwise.len() == 1)
        );
        assert!(matches!(&pieces[1].what, What::If(branches) if branches.len() == 3 && branches[2].0.is_none()));
        assert!(matches!(&pieces[2].what, What::Set(name, _, true) if name == "x"));
        assert_eq!(pieces.len(), 3);
    }

    #[test]
    fn what_is_not_closed_or_too_deep_ends() {
        for text in ["{{", "{{ if .a }}b", "{{ end }}{{ else }}c", "{{ \"a }}", "{{/* a", "{{ (((( }}", "}}", "{{ range }}"] {
            parse(text);
        }
        assert!(parse(&"{{ if .a }}".repeat(100_000)).len() < 10);
        expression(&"(".repeat(100_000));
    }
}
