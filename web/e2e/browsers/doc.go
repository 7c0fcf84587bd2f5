// Package browsers walks through the playground in browsers that are not Chromium: in Firefox, and in WebKitGTK, whose
// engine is Safari's.
//
//	firefox, err := browsers.Firefox()
//	window, err := firefox.Open(1280, 800)
//	err = window.Navigate("http://127.0.0.1:8080/")
//	err = window.Press(browsers.Space)
//
// Package e2e looks at everything, in Chromium. Here the essential walk is enough: the lab opens and lives, a server is
// crashed by key, dialogs close, the embedded lab runs in a sandboxed frame, the page works without a network, and
// three windows are a cluster whose logs outlive them. Chromium is here for one thing: a link must lead to the same
// state in it, to the last bit, since that is what a link promises.
//
// It builds nothing. It takes the program that RELAY names, else .build/raft-playground, and the browsers of
// the system: `./build.sh browsers` provides all of them. Firefox speaks WebDriver BiDi itself and is driven
// without a display. WebKitGTK's MiniBrowser speaks classic WebDriver through a separate driver and needs a
// display, which Xvfb provides. With BROWSERS_PICTURES=folder the tests save screenshots there.
package browsers
