package browsers

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	jsoniter "github.com/json-iterator/go"
)

// preferences keep Firefox from the network and from windows of its own.
const preferences = `user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.enabled", false);
`

// firefox is a Firefox, which speaks WebDriver BiDi by itself (https://w3c.github.io/webdriver-bidi/).
type firefox struct {
	process *process
	profile string
	version string
	socket  *websocket.Conn

	mu       sync.Mutex
	next     int
	waiting  map[int]chan answer // for the answers to commands, by their ids
	problems []string
}

type answer struct {
	Result jsoniter.RawMessage
	err    error
}

// Firefox starts the Firefox that FIREFOX names, else the first firefox or firefox-esr on the path, without a display.
func Firefox() (Browser, error) {
	program, err := find(os.Getenv("FIREFOX"), "firefox", "firefox-esr")
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "raft-firefox-")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
		return nil, err
	}
	f := &firefox{profile: profile, waiting: map[int]chan answer{}}
	if f.process, err = start(program, nil, "--headless", "--no-remote", "--profile", profile,
		"--remote-debugging-port", "0"); err != nil {
		os.RemoveAll(profile)
		return nil, err
	}
	if err := f.greet(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// find returns the path of the first program that is installed. Empty names are skipped.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("expected one of the programs %s on the path; found none",
		strings.TrimSpace(strings.Join(names, " ")))
}

// greet connects to the browser and begins the session.
func (f *firefox) greet() error {
	address, err := f.process.prints(`WebDriver BiDi listening on (\S+)\n`)
	if err != nil {
		return err
	}
	if f.socket, _, err = websocket.DefaultDialer.Dial(address+"/session", nil); err != nil {
		return fmt.Errorf("connecting to Firefox at %s: %w", address, err)
	}
	go f.listen()
	var session struct {
		Capabilities struct{ BrowserName, BrowserVersion string }
	}
	if err := f.command(&session, "session.new", map[string]any{"capabilities": map[string]any{}}); err != nil {
		return err
	}
	f.version = "Firefox " + session.Capabilities.BrowserVersion
	return f.command(nil, "session.subscribe", map[string]any{"events": []string{"log.entryAdded"}})
}

// listen passes answers to the waiting commands, and records problems, until the socket is closed.
func (f *firefox) listen() {
	for {
		var message struct {
			ID             int
			Type           string
			Error, Message string
			Result         jsoniter.RawMessage
			Method         string
			Params         struct{ Level, Text string }
		}
		_, text, err := f.socket.ReadMessage()
		if err == nil {
			err = jsoniter.Unmarshal(text, &message)
		}
		f.mu.Lock()
		switch {
		case err != nil:
			for id, waits := range f.waiting {
				waits <- answer{err: fmt.Errorf("the connection to Firefox ended: %w", err)}
				delete(f.waiting, id)
			}
		case message.Type == "event" && message.Method == "log.entryAdded" && message.Params.Level == "error":
			f.problems = append(f.problems, message.Params.Text)
		case message.Type == "error":
			f.settle(message.ID, answer{err: fmt.Errorf("Firefox refuses: %s: %s", message.Error, message.Message)})
		case message.Type == "success":
			f.settle(message.ID, answer{Result: message.Result})
		}
		f.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (f *firefox) settle(id int, a answer) {
	if waits, known := f.waiting[id]; known {
		waits <- a
		delete(f.waiting, id)
	}
}

// command sends a command, waits until it is done, and stores the answer in result unless that is nil.
func (f *firefox) command(result any, method string, params map[string]any) error {
	waits := make(chan answer, 1)
	f.mu.Lock()
	f.next++
	id := f.next
	f.waiting[id] = waits
	f.mu.Unlock()
	text, err := jsoniter.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := f.socket.WriteMessage(websocket.TextMessage, text); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case a := <-waits:
		if a.err != nil {
			return fmt.Errorf("%s: %w", method, a.err)
		}
		if result == nil {
			return nil
		}
		return jsoniter.Unmarshal(a.Result, result)
	case <-time.After(commandTime):
		return fmt.Errorf("%s: Firefox has not answered within %v", method, commandTime)
	}
}

func (f *firefox) Version() string { return f.version }

func (f *firefox) Problems() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.problems...)
}

func (f *firefox) Close() {
	if f.socket != nil {
		f.socket.Close()
	}
	f.process.stop()
	os.RemoveAll(f.profile)
}

func (f *firefox) Open(width, height int) (Window, error) {
	w := &firefoxWindow{browser: f}
	created := struct{ Context *string }{&w.context}
	if err := f.command(&created, "browsingContext.create", map[string]any{"type": "window"}); err != nil {
		return nil, err
	}
	return w, w.Resize(width, height)
}

// firefoxWindow is a "browsing context" of its own, as the protocol names it.
type firefoxWindow struct {
	browser *firefox
	context string
}

// command sends a command that concerns this window.
func (w *firefoxWindow) command(result any, method string, params map[string]any) error {
	params["context"] = w.context
	return w.browser.command(result, method, params)
}

func (w *firefoxWindow) Navigate(url string) error {
	return w.command(nil, "browsingContext.navigate", map[string]any{"url": url, "wait": "complete"})
}

func (w *firefoxWindow) Evaluate(body string) ([]byte, error) {
	var evaluated struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	err := w.browser.command(&evaluated, "script.evaluate", map[string]any{
		"expression": settles(body), "target": map[string]any{"context": w.context}, "awaitPromise": true,
		"userActivation": true,
	})
	if err != nil {
		return nil, err
	}
	if evaluated.Type != "success" {
		return nil, fmt.Errorf("a script that cannot run: %s", evaluated.ExceptionDetails.Text)
	}
	return new(outcome).read(evaluated.Result.Value)
}

func (w *firefoxWindow) Click(x, y float64) error {
	return w.command(nil, "input.performActions", map[string]any{"actions": clicking(x, y)})
}

func (w *firefoxWindow) Press(keys ...string) error {
	actions, err := pressing(keys)
	if err != nil {
		return err
	}
	return w.command(nil, "input.performActions", map[string]any{"actions": actions})
}

func (w *firefoxWindow) Resize(width, height int) error {
	return w.command(nil, "browsingContext.setViewport",
		map[string]any{"viewport": map[string]any{"width": width, "height": height}})
}

func (w *firefoxWindow) Picture() ([]byte, error) {
	var picture struct{ Data string }
	if err := w.command(&picture, "browsingContext.captureScreenshot", map[string]any{}); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(picture.Data)
}

func (w *firefoxWindow) Close() error {
	return w.command(nil, "browsingContext.close", map[string]any{})
}
