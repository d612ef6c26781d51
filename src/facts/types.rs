//! Paths and types as written in the source.

use std::fmt;

use std::ops::Deref;

use serde::Serialize;
use thin_vec::ThinVec;

use super::Name;

/// A path as written: `std::sync::Arc<T>`, `self::x`, `Vec::<u8>::new`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Path {
    /// Starts with `::`.
    pub global: bool,
    /// The segments; never empty for a path that was written.
    pub segs: Segs,
}

/// The segments of a path. Most paths are variables and take no room beside their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Segs {
    /// Just one.
    One(Seg),
    /// Any other number.
    Many(Box<[Seg]>),
}

impl Segs {
    /// The same with more behind them.
    #[must_use]
    pub fn then(self, more: impl IntoIterator<Item = Seg>) -> Self {
        let mut segs = match self {
            Self::One(seg) => vec![seg],
            Self::Many(segs) => segs.into_vec(),
        };
        segs.extend(more);
        segs.into()
    }
}

impl Default for Segs {
    fn default() -> Self {
        Self::Many(Box::default())
    }
}

impl Deref for Segs {
    type Target = [Seg];

    fn deref(&self) -> &[Seg] {
        match self {
            Self::One(seg) => std::slice::from_ref(seg),
            Self::Many(segs) => segs,
        }
    }
}

impl From<Seg> for Segs {
    fn from(seg: Seg) -> Self {
        Self::One(seg)
    }
}

impl From<Vec<Seg>> for Segs {
    fn from(mut segs: Vec<Seg>) -> Self {
        match segs.pop() {
            Some(only) if segs.is_empty() => Self::One(only),
            last => {
                segs.extend(last);
                Self::Many(segs.into())
            }
        }
    }
}

impl FromIterator<Seg> for Segs {
    fn from_iter<T: IntoIterator<Item = Seg>>(segs: T) -> Self {
        segs.into_iter().collect::<Vec<Seg>>().into()
    }
}

impl<'s> IntoIterator for &'s Segs {
    type Item = &'s Seg;
    type IntoIter = std::slice::Iter<'s, Seg>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Segs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}

impl Serialize for Segs {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

/// One segment of a path with its generic arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Seg {
    /// The identifier.
    pub name: Name,
    /// Type arguments; `Output = T` is [`Ty::Assoc`]; lifetimes and const arguments are left out.
    pub args: ThinVec<Ty>,
}

impl Seg {
    /// A plain name.
    #[must_use]
    pub fn of(name: Name) -> Self {
        Self { name, args: ThinVec::new() }
    }
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
    Projection(Box<Ty>, Option<Box<Path>>, Vec<Name>),
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
        Self { global: false, segs: names.iter().map(|name| Seg::of(Name::new(name))).collect() }
    }

    /// The last segment's name.
    #[must_use]
    pub fn last(&self) -> Option<&Name> {
        self.segs.last().map(|seg| &seg.name)
    }

    /// The only segment's name, when there is just one.
    #[must_use]
    pub fn single(&self) -> Option<&Name> {
        match &*self.segs {
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
