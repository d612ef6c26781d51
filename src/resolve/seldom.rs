//! Parts of facts that mostly hold nothing: they take a pointer then, and are read as though they stood there.

use std::ops::{Deref, DerefMut};

use super::calls::{Rest, Task};
use super::program::DefId;

/// What there is one empty value of, which all that hold nothing show.
pub trait Empty: Default + 'static {
    /// The value that holds nothing.
    fn empty() -> &'static Self;

    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool;

    /// Gives back the room that its lists were given for more.
    fn fit(&mut self);
}

/// A part that is kept only where something is in it.
#[derive(Clone, Debug)]
pub struct Seldom<T>(Option<Box<T>>);

impl<T> Default for Seldom<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Empty> From<T> for Seldom<T> {
    fn from(part: T) -> Self {
        Self((!part.is_empty()).then(|| Box::new(part)))
    }
}

impl<T: Empty> Seldom<T> {
    /// Gives up the room of what was filled with nothing, or with little.
    pub(super) fn settle(&mut self) {
        self.0.take_if(|part| part.is_empty());
        if let Some(part) = &mut self.0 {
            part.fit();
        }
    }
}

impl<T: Empty> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(part) => part,
            None => T::empty(),
        }
    }
}

impl<T: Empty> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl Empty for Task {
    fn empty() -> &'static Self {
        static NOTHING: Task = Task {
            endless: false,
            period: None,
            calls: Vec::new(),
            direct: None,
            may_end: false,
            aside: false,
            runs_parameter: false,
            runs_known: false,
            asks: Vec::new(),
            receives: false,
            until: 0,
        };
        &NOTHING
    }

    fn is_empty(&self) -> bool {
        // All of it, so that a field that is added is not forgotten.
        let Task { endless, period, calls, direct, may_end, aside, runs_parameter, runs_known, asks, receives, until } = self;
        let does = *endless || *may_end || *aside || *runs_parameter || *runs_known || *receives;
        let names: [&[DefId]; 2] = [calls, asks];
        !does && period.is_none() && direct.is_none() && *until == 0 && names.iter().all(|list| list.is_empty())
    }

    fn fit(&mut self) {
        fit(&mut self.calls);
        fit(&mut self.asks);
    }
}

/// The lists of [`Rest`], each named once.
macro_rules! lists {
    ($($list:ident)*) => {
        impl Empty for Rest {
            fn empty() -> &'static Self {
                static NOTHING: Rest = Rest { $($list: Vec::new()),* };
                &NOTHING
            }

            fn is_empty(&self) -> bool {
                true $(&& self.$list.is_empty())*
            }

            fn fit(&mut self) {
                $(fit(&mut self.$list);)*
            }
        }
    };
}

lists! {
    answers assigned sometimes filled on_statics asked_when tallies growth renewed invalidated keyed thread_sets strings reads copied_into
    statement_files mints headers env_defaults env_parsed env_required env_unset hands_reader asks branched handed_over loops compared bounds ages
    command_options ranges lengths ends_main statuses refusals waits entry_limits schemes named_units shared futures polled supervised seeds
    handed expiries
}

/// Gives back the room that a list was given for more.
pub(super) fn fit<T>(list: &mut Vec<T>) {
    // The allocator keeps what is shrunk in its place up to twice its size.
    if list.len() < list.capacity() {
        let mut fitting = Vec::with_capacity(list.len());
        fitting.append(list);
        *list = fitting;
    }
}
