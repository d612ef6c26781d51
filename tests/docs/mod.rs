//! The book, the README and the schema say what the program does: names, links, examples and fields are compared with it.

mod book;
mod examples;
mod readme;
mod recipes;
mod schema;
mod site;
