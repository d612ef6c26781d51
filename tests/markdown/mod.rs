//! Pages are Markdown that means what it should, whatever the analysed tree says: every free text of a rich map is replaced,
//! and the pages are read again by a parser.

mod hostile;
mod linted;
mod random;
pub(crate) mod skeleton;
pub(crate) mod texts;
