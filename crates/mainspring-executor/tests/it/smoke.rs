//! smoke
use mainspring_executor::*;
#[test]
fn works() {
    let ex = Executor::builder().queue(0, 1, RunnableFifo::default()).build().unwrap();
    let q = ex.queue(0).unwrap();
    let h = q.spawn(async {
        yield_now().await;
        5
    });
    assert_eq!(ex.block_on(h).unwrap().unwrap(), 5);
}
