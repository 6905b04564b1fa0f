//! Streams events, for as long as the client reads them.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Shown;
use crate::hub::{self, Seat};
use crate::refusal::{Answer, Refusal};

/// Something is sent at least so often, so that proxies keep the connection and a client that is gone is
/// noticed.
const BREATH: Duration = Duration::from_secs(15);

pub(super) async fn events(State(shared): Shown) -> Answer<Response> {
    if shared.closed.is_cancelled() {
        return Err(Refusal::unavailable("the program ends"));
    }
    let Some(seat) = shared.hub.join() else {
        return Err(Refusal::unavailable("too many streams of events are open; try again later"));
    };
    let hello = hub::hello(shared.source.now());
    let frames = stream::unfold((seat, shared.closed.clone()), async |(mut seat, closed)| {
        let frame = next(&mut seat, &closed).await?;
        Some((frame, (seat, closed)))
    });
    let frames = stream::iter([hello]).chain(frames).map(Ok::<_, Infallible>);
    // Proxies that gather answers before they pass them on are asked not to.
    let headers = [(CONTENT_TYPE.as_str(), "text/event-stream"), ("x-accel-buffering", "no")];
    Ok((headers, Body::from_stream(frames)).into_response())
}

/// `None` when the dashboard closes.
async fn next(seat: &mut Seat, closed: &CancellationToken) -> Option<Bytes> {
    let received = tokio::select! {
        biased;
        () = closed.cancelled() => return None,
        received = timeout(BREATH, seat.frames.recv()) => received,
    };
    match received {
        Ok(Ok(frame)) => Some(frame),
        Ok(Err(RecvError::Lagged(lost))) => Some(hub::lagged(lost)),
        Ok(Err(RecvError::Closed)) => None,
        Err(_) => Some(Bytes::from_static(b":\n\n")),
    }
}
