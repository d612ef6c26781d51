//! JSON patches (RFC 6902): operations on paths of an object. One that does not fit changes nothing and is counted.

use std::sync::Arc;

use super::super::yaml::{Entry, Node, Value};

/// Applies the operations of a patch in order; how many did not fit.
pub(super) fn apply(object: &mut Arc<Node>, patch: &Node) -> usize {
    let mut unfit = 0;
    for operation in patch.items() {
        match one(object, operation) {
            Some(changed) => *object = changed,
            None => unfit += 1,
        }
    }
    unfit
}

fn one(object: &Arc<Node>, operation: &Arc<Node>) -> Option<Arc<Node>> {
    let path = tokens(operation.text_of("path")?);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let from = operation.text_of("from").map(tokens).unwrap_or_default();
    let from: Vec<&str> = from.iter().map(String::as_str).collect();
    let (key, value) = match operation.text_of("op")? {
        "add" => (Change::Add, Some(operation.get_arc("value")?)),
        "replace" => (Change::Replace, Some(operation.get_arc("value")?)),
        "remove" => (Change::Remove, None),
        "test" => return found(object, &path).map(|_| object.clone()),
        "copy" => (Change::Add, Some(found(object, &from)?)),
        "move" => {
            let value = found(object, &from)?;
            let without = change(object, &from, Change::Remove, None)?;
            return change(&without, &path, Change::Add, Some(&value));
        }
        _ => return None,
    };
    change(object, &path, key, value.as_ref())
}

#[derive(Clone, Copy, PartialEq)]
enum Change {
    Add,
    Replace,
    Remove,
}

/// `/spec/a~1b/0` as its parts.
fn tokens(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

fn found(node: &Arc<Node>, path: &[&str]) -> Option<Arc<Node>> {
    let Some((first, rest)) = path.split_first() else { return Some(node.clone()) };
    let next = match &node.value {
        Value::List(items) => items.get(first.parse::<usize>().ok()?)?.clone(),
        _ => node.get_arc(first)?,
    };
    found(&next, rest)
}

fn change(node: &Arc<Node>, path: &[&str], change_: Change, value: Option<&Arc<Node>>) -> Option<Arc<Node>> {
    let Some((first, rest)) = path.split_first() else { return value.cloned() };
    match &node.value {
        Value::List(items) => {
            let mut items = items.clone();
            if !rest.is_empty() {
                let at = first.parse::<usize>().ok().filter(|at| *at < items.len())?;
                items[at] = change(&items[at], rest, change_, value)?;
                return Some(Arc::new(Node::made(Value::List(items), node.at)));
            }
            match (change_, first.parse::<usize>()) {
                (Change::Add, _) if *first == "-" => items.push(value?.clone()),
                (Change::Add, Ok(at)) if at <= items.len() => items.insert(at, value?.clone()),
                (Change::Replace, Ok(at)) if at < items.len() => items[at] = value?.clone(),
                (Change::Remove, Ok(at)) if at < items.len() => {
                    items.remove(at);
                }
                _ => return None,
            }
            Some(Arc::new(Node::made(Value::List(items), node.at)))
        }
        Value::Map(entries) => {
            let mut entries = entries.clone();
            let at = entries.iter().rposition(|entry| entry.key == *first);
            if !rest.is_empty() {
                let at = at?;
                let inner = change(&entries[at].node, rest, change_, value)?;
                entries[at] = Entry { node: inner, ..entries[at].clone() };
                return Some(Arc::new(Node::made(Value::Map(entries), node.at)));
            }
            match (change_, at) {
                (Change::Remove, Some(at)) => {
                    entries.remove(at);
                }
                (Change::Remove, None) | (Change::Replace, None) => return None,
                (_, Some(at)) => entries[at] = Entry::made(*first, value?.at, value?.clone()),
                (_, None) => entries.push(Entry::made(*first, value?.at, value?.clone())),
            }
            Some(Arc::new(Node::made(Value::Map(entries), node.at)))
        }
        Value::Scalar { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::yaml::parse_file;
    use super::super::strategic::tests::short;
    use super::*;

    fn patched(base: &str, patch: &str) -> (String, usize) {
        let mut base = parse_file(base, 1).roots[0].clone();
        let unfit = apply(&mut base, &parse_file(patch, 2).roots[0]);
        (short(&base), unfit)
    }

    #[test]
    fn operations_change_what_they_name() {
        let base = "spec:\n  replicas: 1\n  list: [a, b]\n  \"x/y\": 1\n";
        assert_eq!(
            patched(
                base,
                "- {op: replace, path: /spec/replicas, value: 5}\n- {op: add, path: /spec/list/-, value: c}\n- {op: add, path: /spec/list/0, value: z}\n- {op: remove, path: /spec/x~1y}\n- {op: add, path: /spec/new, value: {a: 1}}\n"
            ),
            ("{spec:{replicas:5@1!, list:[z@3!, a@3, b@3, c@2!], new:{a:1@5!}}}".to_owned(), 0)
        );
        assert_eq!(
            patched("a: {b: 1}\nc: 2\n", "[{op: move, from: /a/b, path: /d}, {op: copy, from: /c, path: /e}]"),
            ("{a:{}, c:2@2, d:1@1, e:2@2}".to_owned(), 0)
        );
    }

    #[test]
    fn what_does_not_fit_changes_nothing_and_is_counted() {
        let operations = "- {op: replace, path: /b, value: 1}\n- {op: remove, path: /l/7}\n- {op: add, path: /a/b/c, value: 1}\n- {op: dance, path: /a}\n- {op: add}\n- x\n";
        assert_eq!(patched("a: 1\nl: []\n", operations), ("{a:1@1, l:[]}".to_owned(), 6));
        assert_eq!(patched("a: 1\n", "a: b"), ("{a:1@1}".to_owned(), 0));
    }
}
