//! Looks at every view of a store in use, in light and dark, at a desk and on a phone.
//!
//! `MAINSPRING_PICTURES=docs/pictures cargo test -p mainspring-dashboard browser` writes down what it saw:
//! the README's pictures are these.

use std::path::Path;

use super::accessible::Checker;
use super::demo::{BUSY, shop};
use super::driver::Browser;
use super::served::Served;

/// Each is small enough for a README.
const BYTES_MAX: u64 = 200 * 1024;

const JOBS_ARE_THERE: &str = "document.querySelectorAll('.jobs tbody tr').length === 20 && document.querySelector('.columns .good')";

pub(super) async fn pictures(browser: &Browser, checker: &Checker) {
    let served = Served::start(shop().await).await;
    for job in BUSY {
        served.node.trigger(job).await.expect("it is triggered").expect("it is there");
    }
    // Contrast is the scheme's matter and order the width's: two of the four are enough to check.
    for (scheme, width, height) in [("light", 1280, 860), ("dark", 375, 812)] {
        browser.resize(width, height, width < 800).await;
        browser.prefer(scheme).await;
        for (place, there) in [
            ("#/jobs", JOBS_ARE_THERE),
            ("#/runs", "document.querySelectorAll('.runs tbody tr').length > 20"),
            ("#/timeline", "document.querySelectorAll('.lane').length > 10"),
            ("#/system", "document.querySelector('.nodes tbody tr')"),
            ("#/jobs?open=feeds.import", "document.querySelector('#drawer .runs tbody tr')"),
        ] {
            let what = format!("{place} {scheme} {width}");
            browser.open(&served.url(place)).await;
            browser.until(&what, there).await;
            checker.check(browser, &what).await;
            let wide = browser.run("return document.documentElement.scrollWidth").await;
            assert!(wide.as_u64() <= Some(width.into()), "{what} is wider than the window: {wide}");
        }
    }
    for (file, scheme, width, height) in [
        ("dashboard-light.png", "light", 1280, 860),
        ("dashboard-dark.png", "dark", 1280, 860),
        ("dashboard-phone.png", "light", 375, 812),
    ] {
        browser.resize(width, height, width < 800).await;
        browser.prefer(scheme).await;
        browser.open(&served.url("#/jobs")).await;
        browser.until(file, JOBS_ARE_THERE).await;
        keep(browser, file).await;
    }
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "the console complains: {complaints:?}");
    served.stop().await;
}

/// Writes the picture where the variable says.
async fn keep(browser: &Browser, file: &str) {
    let Some(folder) = std::env::var_os("MAINSPRING_PICTURES") else { return };
    // Tests run in their crate's folder, and the path is meant from the repository's.
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the repository's root");
    let path = root.join(folder).join(file);
    browser.picture(&path).await;
    let bytes = path.metadata().expect("the picture was written").len();
    assert!(bytes < BYTES_MAX, "{} has {bytes} bytes", path.display());
}
