//! A refusal that is given while the body is still coming would be lost: the client, busy sending, sees a broken
//! connection and never reads why. So what is left of a refused body is read and thrown away, within bounds, before the
//! answer leaves.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::header::EXPECT,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::{sync::oneshot, time::timeout};

/// The most that is thrown away.
const MOST: usize = 32 * 1024 * 1024;

/// The longest this may take.
const LONGEST: Duration = Duration::from_secs(5);

/// A body that comes back when it is dropped before its end.
struct Returning {
    body: Body,
    back: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Returning {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        if let Some(back) = self.back.take().filter(|_| !self.body.is_end_stream()) {
            // Nobody waits any more when the request itself was dropped.
            drop(back.send(std::mem::take(&mut self.body)));
        }
    }
}

/// Reads on after a refusal, so that it is read in turn.
pub(super) async fn linger(request: Request, next: Next) -> Response {
    // Who asks before sending has sent nothing.
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return next.run(request).await;
    }
    let (back, rest) = oneshot::channel();
    let request = request.map(|body| Body::new(Returning { body, back: Some(back) }));
    let response = next.run(request).await;
    let refused = response.status().is_client_error() || response.status().is_server_error();
    if let (true, Ok(body)) = (refused, rest.await) {
        // Too long or too much is the client's loss.
        drop(timeout(LONGEST, throw_away(body)).await);
    }
    response
}

async fn throw_away(mut body: Body) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, Bytes::len);
        if seen > MOST {
            break;
        }
    }
}
