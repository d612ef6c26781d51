//! Being asked to end: at once, but not between two pages of a map that belong together.

#[cfg(not(unix))]
pub(crate) fn end_between_maps() {}

/// From here on Ctrl-C and the like end the process as they always do, except that a map which is about to take its place does so
/// as a whole. Whoever asks a second time is not made to wait.
#[cfg(unix)]
pub(crate) fn end_between_maps() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // Without a handler the system ends the process by itself.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        let mut signals = signals.forever();
        if let Some(signal) = signals.next() {
            std::thread::spawn(move || {
                let written = statemap::output::wait();
                match *written {
                    0 => say!("\nstopped: nothing was written"),
                    1 => say!("\nstopped after one file was written; it is whole"),
                    files => say!("\nstopped after {files} files were written; they are whole"),
                }
                end(signal);
            });
        }
        if let Some(signal) = signals.next() {
            end(signal);
        }
    });
}

/// As if nobody had asked for the signal: the shell sees what ended the process.
#[cfg(unix)]
fn end(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}
