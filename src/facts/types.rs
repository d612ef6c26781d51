//! Paths and types as written in the source.

use std::fmt;

use serde::Serialize;

use super::Name;

/// A path as written: `std::sync::Arc<T>`, `self::x`, `Vec::<u8>::new`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Path {
    /// Starts with `::`.
    pub global: bool,
    /// The segments; never empty for a path that was written.
    pub segs: Vec<Seg>,
}

/// One segment of a path with its generic arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Seg {
    /// The identifier.
    pub name: Name,
    /// Type arguments; `Output = T` is [`Ty::Assoc`]; lifetimes and const arguments are left out.
    pub args: Vec<Ty>,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Ty {
    /// A named type.
    Path(Path),
    /// `&T`, `&mut T`, `*const T`.
    Ref(Box<Ty>),
    /// `(A, B)`; `()` is empty.
    Tuple(Vec<Ty>),
    /// `[T]` or `[T; N]`.
    Slice(Box<Ty>),
    /// `fn(A) -> B`.
    Fn(Vec<Ty>, Box<Ty>),
    /// `impl A + B`.
    Impl(Vec<Path>),
    /// `dyn A + B`.
    Dyn(Vec<Path>),
    /// `<T as Trait>::Name`, with the trait when given.
    Projection(Box<Ty>, Option<Path>, Vec<Name>),
    /// `Output = T` among the arguments of a bound.
    Assoc(Name, Box<Ty>),
    /// `!`.
    Never,
    /// `_`.
    Infer,
    /// Anything else: a macro in type position.
    Other,
}

impl Path {
    /// A path of plain names.
    pub fn of(names: &[&str]) -> Self {
        Self { global: false, segs: names.iter().map(|name| Seg { name: Name::new(name), args: Vec::new() }).collect() }
    }

    /// The last segment's name.
    #[must_use]
    pub fn last(&self) -> Option<&Name> {
        self.segs.last().map(|seg| &seg.name)
    }

    /// The only segment's name, when there is just one.
    #[must_use]
    pub fn single(&self) -> Option<&Name> {
        match self.segs.as_slice() {
            [one] if !self.global => Some(&one.name),
            _ => None,
        }
    }

    /// The names joined by `::`, without generic arguments.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out);
        out
    }

    /// The same as a name: one of a single segment is that segment.
    #[must_use]
    pub fn name(&self) -> Name {
        self.single().cloned().unwrap_or_else(|| self.text().into())
    }

    /// Puts [`Path::text`] behind another text.
    pub fn write_text(&self, out: &mut String) {
        for (index, seg) in self.segs.iter().enumerate() {
            if index > 0 {
                out.push_str("::");
            }
            out.push_str(&seg.name);
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, seg) in self.segs.iter().enumerate() {
            if index > 0 || self.global {
                out.write_str("::")?;
            }
            out.write_str(&seg.name)?;
            match seg.args.as_slice() {
                [] => {}
                [Ty::Tuple(inputs)] if seg.is_fn_trait() => write!(out, "({})", List(inputs, ", "))?,
                [Ty::Tuple(inputs), Ty::Assoc(_, ret)] if seg.is_fn_trait() => write!(out, "({}) -> {ret}", List(inputs, ", "))?,
                args => write!(out, "<{}>", List(args, ", "))?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Ty {
    /// As people write it, less what facts do not hold: lifetimes, `mut`, lengths. What could not be read is `_`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(out),
            Self::Ref(ty) => match &**ty {
                Self::Dyn(bounds) | Self::Impl(bounds) if bounds.len() > 1 => write!(out, "&({ty})"),
                _ => write!(out, "&{ty}"),
            },
            Self::Tuple(elems) => match elems.as_slice() {
                [one] => write!(out, "({one},)"),
                elems => write!(out, "({})", List(elems, ", ")),
            },
            Self::Slice(ty) => write!(out, "[{ty}]"),
            Self::Fn(inputs, ret) => {
                write!(out, "fn({})", List(inputs, ", "))?;
                if matches!(&**ret, Self::Tuple(elems) if elems.is_empty()) { Ok(()) } else { write!(out, " -> {ret}") }
            }
            Self::Impl(bounds) => write!(out, "impl {}", List(bounds, " + ")),
            Self::Dyn(bounds) => write!(out, "dyn {}", List(bounds, " + ")),
            Self::Projection(ty, of, names) => {
                match of {
                    Some(of) => write!(out, "<{ty} as {of}>")?,
                    None => write!(out, "<{ty}>")?,
                }
                names.iter().try_for_each(|name| write!(out, "::{name}"))
            }
            Self::Assoc(name, ty) => write!(out, "{name} = {ty}"),
            Self::Never => out.write_str("!"),
            Self::Infer | Self::Other => out.write_str("_"),
        }
    }
}

impl Seg {
    /// `Fn(A) -> B`, as opposed to `Fn<(A,), Output = B>`.
    fn is_fn_trait(&self) -> bool {
        matches!(self.name.as_str(), "Fn" | "FnMut" | "FnOnce" | "AsyncFn" | "AsyncFnMut" | "AsyncFnOnce")
    }
}

/// Things with a separator between them.
struct List<'l, T>(&'l [T], &'static str);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str(self.1)?;
            }
            one.fmt(out)?;
        }
        Ok(())
    }
}
