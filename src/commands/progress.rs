//! The bar on standard error while a large tree is read. A thread of its own draws it; those that work only count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use statemap::progress::{Progress, Stage};

use super::screen::{self, Stream};
use crate::cli::Global;

/// Who waits shorter sees no bar.
const PATIENCE: Duration = Duration::from_millis(300);
/// Between two pictures.
const PAUSE: Duration = Duration::from_millis(100);

/// A bar that may be seen later; it is gone with this value, before anything else is printed.
pub(super) struct Bar {
    count: Arc<Count>,
    drawer: Option<JoinHandle<()>>,
}

impl Bar {
    /// Nothing is drawn but on a terminal that can move its cursor, and never with `--quiet`.
    pub(super) fn start(global: &Global) -> Self {
        let count = Arc::new(Count::default());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let drawer = (Stream::Err.is_terminal() && !is_dumb && !global.quiet).then(|| {
            let count = Arc::clone(&count);
            let colour = screen::colour(Stream::Err, global);
            std::thread::spawn(move || draw(&count, colour))
        });
        Self { count, drawer }
    }

    /// What is told how far the work is.
    pub(super) fn progress(&self) -> &dyn Progress {
        &*self.count
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        *self.count.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.count.wake.notify_all();
        if let Some(drawer) = self.drawer.take() {
            // A drawer that panicked has no picture to take away.
            let _ = drawer.join();
        }
    }
}

/// How far the work is.
#[derive(Default)]
struct Count {
    /// The stage, as its number in the order of [`Stage`].
    stage: AtomicUsize,
    done: AtomicUsize,
    expected: AtomicUsize,
    ended: Mutex<bool>,
    wake: Condvar,
}

impl Progress for Count {
    fn stage(&self, stage: Stage) {
        self.done.store(0, Ordering::Relaxed);
        self.expected.store(0, Ordering::Relaxed);
        self.stage.store(stage as usize, Ordering::Relaxed);
    }

    fn expect(&self, more: usize) {
        self.expected.fetch_add(more, Ordering::Relaxed);
    }

    fn advance(&self, done: usize) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }
}

impl Count {
    /// Waits, and tells whether the work has ended meanwhile.
    fn wait(&self, pause: Duration) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let (ended, _) = self.wake.wait_timeout_while(ended, pause, |ended| !*ended).unwrap_or_else(PoisonError::into_inner);
        *ended
    }
}

fn draw(count: &Count, colour: bool) {
    if count.wait(PATIENCE) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    loop {
        let (done, expected) = (count.done.load(Ordering::Relaxed), count.expected.load(Ordering::Relaxed));
        bar.set_style(style(expected > 0, colour));
        bar.set_message(said(count.stage.load(Ordering::Relaxed)));
        bar.set_length(expected as u64);
        bar.set_position(done.min(expected) as u64);
        bar.tick();
        if count.wait(PAUSE) {
            break;
        }
    }
    bar.finish_and_clear();
}

fn style(counted: bool, colour: bool) -> ProgressStyle {
    let template = match (counted, colour) {
        (true, true) => "{spinner:.cyan} {msg} {bar:24.cyan/dim} {human_pos}/{human_len}",
        (true, false) => "{spinner} {msg} {bar:24} {human_pos}/{human_len}",
        (false, true) => "{spinner:.cyan} {msg}",
        (false, false) => "{spinner} {msg}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ").tick_chars("|/-\\ ")
}

/// What is done in a stage; all of one width, so that the bar stays where it is.
fn said(stage: usize) -> &'static str {
    const SAID: [(Stage, &str); 7] = [
        (Stage::Discover, "looking for packages"),
        (Stage::Parse, "reading files       "),
        (Stage::Resolve, "resolving functions "),
        (Stage::Detect, "looking for state   "),
        (Stage::Join, "joining deployment  "),
        (Stage::Assess, "drawing hazards     "),
        (Stage::Write, "writing pages       "),
    ];
    SAID.iter().find(|(known, _)| *known as usize == stage).map_or("", |(_, said)| said)
}
