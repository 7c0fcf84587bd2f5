package browsers

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// webKit is WebKitGTK's MiniBrowser on a display of its own, driven by
// WebKitWebDriver (https://www.w3.org/TR/webdriver2/).
type webKit struct {
	display *process
	driver  *process
	home    string // its profile, and all else that it writes
	session string // the address of the session
	version string
	current string // the window to which commands go
	blank   string // the window that it began with, until Open gives it away
}

// WebKit starts the MiniBrowser that MINIBROWSER names, else that of WebKitGTK as Debian installs it, under Xvfb.
func WebKit() (Browser, error) {
	driver, err := find("WebKitWebDriver")
	if err != nil {
		return nil, err
	}
	xvfb, err := find("Xvfb")
	if err != nil {
		return nil, err
	}
	installed, _ := filepath.Glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")
	browser, err := find(append([]string{os.Getenv("MINIBROWSER"), "MiniBrowser"}, installed...)...)
	if err != nil {
		return nil, err
	}
	k := &webKit{}
	if err := k.start(xvfb, driver, browser); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

func (k *webKit) start(xvfb, driver, browser string) error {
	var err error
	if k.home, err = os.MkdirTemp("", "raft-webkit-"); err != nil {
		return err
	}
	if k.display, err = start(xvfb, nil, "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten",
		"tcp"); err != nil {
		return err
	}
	number, err := k.display.prints(`(?m)^(\d+)\n`)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	environment := []string{"DISPLAY=:" + number, "GDK_BACKEND=x11", "HOME=" + k.home, "XDG_DATA_HOME=" + k.home,
		"XDG_CACHE_HOME=" + k.home, "XDG_CONFIG_HOME=" + k.home}
	if k.driver, err = start(driver, environment, fmt.Sprintf("--port=%d", port)); err != nil {
		return err
	}
	return k.greet(fmt.Sprintf("http://127.0.0.1:%d", port), browser)
}

// greet begins the session, which starts the browser.
func (k *webKit) greet(address, browser string) error {
	for deadline := time.Now().Add(commandTime); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get(address + "/status")
		if err == nil {
			answer.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("WebKitWebDriver does not answer: %w", err)
		}
	}
	var session struct {
		SessionID    string `json:"sessionId"`
		Capabilities struct{ BrowserName, BrowserVersion string }
	}
	k.session = address
	if err := k.command(&session, http.MethodPost, "/session",
		map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
			"browserName":              "MiniBrowser",
			"webkitgtk:browserOptions": map[string]any{"binary": browser, "args": []string{"--automation"}},
		}}}); err != nil {
		return err
	}
	k.session = address + "/session/" + session.SessionID
	k.version = "WebKitGTK " + session.Capabilities.BrowserVersion
	if err := k.command(nil, http.MethodPost, "/timeouts", map[string]any{"script": commandTime.Milliseconds(),
		"pageLoad": commandTime.Milliseconds()}); err != nil {
		return err
	}
	if err := k.command(&k.blank, http.MethodGet, "/window", nil); err != nil {
		return err
	}
	k.current = k.blank
	return nil
}

// command sends a command to the driver and stores the answer in value unless that is nil.
func (k *webKit) command(value any, method, path string, params map[string]any) error {
	var body bytes.Buffer
	if method == http.MethodPost {
		if err := jsoniter.NewEncoder(&body).Encode(params); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, k.session+path, &body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	client := http.Client{Timeout: commandTime + 5*time.Second}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer response.Body.Close()
	var answer struct{ Value jsoniter.RawMessage }
	if err := jsoniter.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: expected an answer as JSON: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		var refusal struct{ Error, Message string }
		jsoniter.Unmarshal(answer.Value, &refusal)
		return fmt.Errorf("%s: WebKitWebDriver refuses: %s: %s", path, refusal.Error, refusal.Message)
	}
	if value == nil {
		return nil
	}
	return jsoniter.Unmarshal(answer.Value, value)
}

func (k *webKit) Version() string { return k.version }

// Problems returns nil: a driven MiniBrowser prints no console messages, and WebDriver cannot ask for them.
func (k *webKit) Problems() []string { return nil }

func (k *webKit) Close() {
	if k.current != "" {
		k.command(nil, http.MethodDelete, "", nil)
	}
	for _, p := range []*process{k.driver, k.display} {
		if p != nil {
			p.stop()
		}
	}
	os.RemoveAll(k.home)
}

func (k *webKit) Open(width, height int) (Window, error) {
	w := &webKitWindow{browser: k, handle: k.blank}
	k.blank = ""
	if w.handle == "" {
		created := struct{ Handle *string }{&w.handle}
		if err := k.command(&created, http.MethodPost, "/window/new", map[string]any{"type": "window"}); err != nil {
			return nil, err
		}
	}
	return w, w.Resize(width, height)
}

// webKitWindow is a window, named by the driver's handle. The driver's commands go to one window at a time.
type webKitWindow struct {
	browser *webKit
	handle  string
}

// command sends a command that concerns this window.
func (w *webKitWindow) command(value any, method, path string, params map[string]any) error {
	if w.browser.current != w.handle {
		if err := w.browser.command(nil, http.MethodPost, "/window", map[string]any{"handle": w.handle}); err != nil {
			return err
		}
		w.browser.current = w.handle
	}
	return w.browser.command(value, method, path, params)
}

func (w *webKitWindow) Navigate(url string) error {
	return w.command(nil, http.MethodPost, "/url", map[string]any{"url": url})
}

func (w *webKitWindow) Evaluate(body string) ([]byte, error) {
	var text string
	script := settles(body) + `.then(arguments[arguments.length - 1])`
	if err := w.command(&text, http.MethodPost, "/execute/async",
		map[string]any{"script": script, "args": []any{}}); err != nil {
		return nil, err
	}
	return new(outcome).read(text)
}

func (w *webKitWindow) Click(x, y float64) error {
	return w.command(nil, http.MethodPost, "/actions", map[string]any{"actions": clicking(x, y)})
}

func (w *webKitWindow) Press(keys ...string) error {
	actions, err := pressing(keys)
	if err != nil {
		return err
	}
	return w.command(nil, http.MethodPost, "/actions", map[string]any{"actions": actions})
}

// Resize makes the window larger than the page by what surrounds the page.
func (w *webKitWindow) Resize(width, height int) error {
	for range 2 {
		text, err := w.Evaluate(`return { width: outerWidth - innerWidth, height: outerHeight - innerHeight };`)
		if err != nil {
			return err
		}
		var frame struct{ Width, Height int }
		if err := jsoniter.Unmarshal(text, &frame); err != nil {
			return err
		}
		if err := w.command(nil, http.MethodPost, "/window/rect", map[string]any{"width": width + frame.Width,
			"height": height + frame.Height}); err != nil {
			return err
		}
	}
	return nil
}

func (w *webKitWindow) Picture() ([]byte, error) {
	var data string
	if err := w.command(&data, http.MethodGet, "/screenshot", nil); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(data)
}

// Close switches the driver to another window, because it needs one to open the next; the last one ends it.
func (w *webKitWindow) Close() error {
	var left []string
	if err := w.command(&left, http.MethodDelete, "/window", nil); err != nil || len(left) == 0 {
		return err
	}
	w.browser.current = left[0]
	return w.browser.command(nil, http.MethodPost, "/window", map[string]any{"handle": left[0]})
}
