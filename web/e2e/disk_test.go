package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// These scripts damage disks that no tab holds, from another page of the same origin.

// badBlock overwrites the last 512 bytes of the log of server 1 in OPFS.
const badBlock = `
	let directory = await navigator.storage.getDirectory();
	for (const name of ["raft-playground", "rooms", room, "1"]) directory = await directory.getDirectoryHandle(name);
	for (const name of ["log-a", "log-b"]) {
		const handle = await directory.getFileHandle(name);
		const {size} = await handle.getFile();
		if (size === 0) continue;
		const file = await handle.createWritable({keepExistingData: true});
		await file.write({type: "write", position: size - 512, data: crypto.getRandomValues(new Uint8Array(512))});
		await file.close();
	}`

// missingRow deletes a row in the middle of the log of server 1 in IndexedDB.
const missingRow = `
	const answer = (request) => new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error);
	});
	const database = await answer(indexedDB.open("raft-playground"));
	const log = database.transaction("log", "readwrite").objectStore("log");
	const keys = (await answer(log.getAllKeys())).filter(([seat]) => seat === room + "/1");
	await answer(log.delete(keys[keys.length >> 1]));
	database.close();`

// A disk has lost acknowledged writes. A server that started from it could be elected without them, so it
// does not start, and the page says what it found.
func TestADiskThatLostAcknowledgedWritesIsRefusedInWords(t *testing.T) {
	for name, test := range map[string]struct {
		prepare []chromedp.Action
		harm    string
		says    string
	}{
		"OPFS": {nil, badBlock, "the disk had confirmed what stood there"},
		"IndexedDB": {[]chromedp.Action{chromedp.Evaluate(withoutOPFS, nil)}, missingRow,
			"missing, and what was acknowledged with it"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t)
			w := r.browser.window(screenWidth, screenHeight)
			w.beforeWorkers(test.prepare...)
			w.navigate(r.url("?size=1&rate=1"))
			w.seat()
			leading(t, 10*time.Second, w)
			for range 20 {
				w.mustPut("x", "acknowledged")
			}
			w.navigate(r.relay.url("/healthz"))
			if err := w.eval(nil, `const room = "`+r.code+`";`+test.harm); err != nil {
				t.Fatal(err)
			}
			w.navigate(r.url(""))
			w.says(15*time.Second, "The disk of S1 cannot be used in this room")
			w.says(time.Second, test.says)
			w.keepPictures("disk-refused "+name, "none")
			if s := w.status(); s.Server != 0 || s.Disk != "none" {
				t.Errorf("the status is %+v", s)
			}
		})
	}
}

// countsWrites counts the transactions that write to IndexedDB, and how many of them are under way at a time.
const countsWrites = `
	globalThis.writes = {all: 0, underWay: 0, most: 0};
	const begin = IDBDatabase.prototype.transaction;
	IDBDatabase.prototype.transaction = function (stores, mode, ...more) {
		const made = begin.call(this, stores, mode, ...more);
		if (mode !== "readwrite") return made;
		writes.all++;
		writes.most = Math.max(writes.most, ++writes.underWay);
		for (const end of ["complete", "abort"]) made.addEventListener(end, () => writes.underWay--);
		return made;
	};`

// All tabs of an origin wait for each other's transactions. A tab that queued each of its writes kept another one,
// which only looked for a seat, waiting for half a minute.
func TestWritesToIndexedDBDoNotQueue(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	w := r.browser.window(screenWidth, screenHeight)
	w.beforeWorkers(chromedp.Evaluate(withoutOPFS, nil), chromedp.Evaluate(countsWrites, nil))
	w.navigate(r.url("?size=1&rate=1"))
	w.seat()
	leading(t, 10*time.Second, w)
	w.must(nil, `await Promise.all(Array.from({length: 300}, (_, i) =>
		window.raftPlayground.request({op: "put", key: "k" + i, value: "acknowledged"})));`)
	var writes struct{ All, Most int }
	w.inWorker()(chromedp.Evaluate(`writes`, &writes))
	if writes.Most != 1 || writes.All > 200 {
		t.Errorf("%d transactions, %d of them at a time", writes.All, writes.Most)
	}
	w.run(20*time.Second, chromedp.Reload())
	w.seat()
	leading(t, 10*time.Second, w)
	w.mustGet("k299", "acknowledged")
}
