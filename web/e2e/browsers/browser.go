package browsers

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
)

// A Browser is one running browser with a profile of its own, in which nothing has been visited.
type Browser interface {
	// Version is the browser's name and version, as it gives them itself.
	Version() string
	// Open opens a blank window, which stays visible beside the others. Its page is width × height CSS pixels large, or
	// as large as the screen allows.
	Open(width, height int) (Window, error)
	// Problems returns the errors that pages logged to the console and the uncaught exceptions since the
	// start; nil if the browser does not report them.
	Problems() []string
	// Close ends the browser and deletes its profile.
	Close()
}

// A Window is one window of a browser. Only one goroutine may use the windows of a browser.
type Window interface {
	// Navigate goes to an address and returns when the page has loaded. If only the part behind # differs, the page
	// stays and sees that change.
	Navigate(url string) error
	// Evaluate runs the body of an async function in the page and returns its result as JSON. An exception
	// becomes the error.
	Evaluate(body string) ([]byte, error)
	// Click presses and releases the left button of the mouse at a point of the page, CSS pixels.
	Click(x, y float64) error
	// Press presses and releases keys, one after the other. A key is the character that it types, or one
	// of the constants.
	Press(keys ...string) error
	// Resize gives the page another size, CSS pixels.
	Resize(width, height int) error
	// Picture returns a PNG of the visible part of the page.
	Picture() ([]byte, error)
	// Close closes the window as a click on its × does.
	Close() error
}

// Keys that type no character, as WebDriver numbers them (https://www.w3.org/TR/webdriver2/, keyboard actions).
const (
	Tab        = "\ue004"
	Enter      = "\ue007"
	Escape     = "\ue00c"
	Space      = " "
	End        = "\ue010"
	Home       = "\ue011"
	ArrowLeft  = "\ue012"
	ArrowUp    = "\ue013"
	ArrowRight = "\ue014"
	ArrowDown  = "\ue015"
)

// commandTime is how long a browser may take to answer one command.
const commandTime = 60 * time.Second

// outcome is the result of a script that settles wrapped.
type outcome struct {
	Value jsoniter.RawMessage `json:"value"`
	Error *string             `json:"error"`
}

// settles wraps the body of an async function in an expression: a promise of an outcome as text. The promise
// never rejects, so both protocols need to carry nothing but text.
func settles(body string) string {
	return `(async () => {` + body + `})().then(
		(value) => JSON.stringify({ value: value === undefined ? null : value }),
		(why) => JSON.stringify({ error: String(why?.message ?? why) }))`
}

func (o *outcome) read(text string) ([]byte, error) {
	if err := jsoniter.UnmarshalFromString(text, o); err != nil {
		return nil, fmt.Errorf("expected the outcome of a script as JSON, got %.200q: %w", text, err)
	}
	if o.Error != nil {
		return nil, fmt.Errorf("the page threw: %s", *o.Error)
	}
	return o.Value, nil
}

// clicking returns WebDriver's actions for a click with the left button.
func clicking(x, y float64) []any {
	return []any{map[string]any{
		"type": "pointer", "id": "mouse", "parameters": map[string]any{"pointerType": "mouse"},
		"actions": []any{
			map[string]any{"type": "pointerMove", "x": int(x), "y": int(y), "origin": "viewport", "duration": 0},
			map[string]any{"type": "pointerDown", "button": 0},
			map[string]any{"type": "pointerUp", "button": 0},
		},
	}}
}

// pressing returns WebDriver's actions for keys.
func pressing(keys []string) ([]any, error) {
	var strokes []any
	for _, key := range keys {
		if utf8.RuneCountInString(key) != 1 {
			return nil, fmt.Errorf("a key is one character or one of the constants, not %q", key)
		}
		strokes = append(strokes, map[string]any{"type": "keyDown", "value": key},
			map[string]any{"type": "keyUp", "value": key})
	}
	return []any{map[string]any{"type": "key", "id": "keyboard", "actions": strokes}}, nil
}

// process is a program that runs beside the test: a browser, its driver, or a display.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when the program has ended
	stop  func()        // ends it and all that it started; further calls do nothing

	mu   sync.Mutex
	text bytes.Buffer // what it printed
}

// start runs a program in a process group of its own, so that stop ends its helpers, too.
func start(program string, environment []string, arguments ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, arguments...), ended: make(chan struct{})}
	p.cmd.Env = append(p.cmd.Environ(), environment...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = time.Second // for output of a helper that left the group
	p.stop = sync.OnceFunc(p.end)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// prints waits until the program's output matches a pattern, and returns what the first group matched.
func (p *process) prints(pattern string) (string, error) {
	expected := regexp.MustCompile(pattern)
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	for {
		if found := expected.FindStringSubmatch(p.printed()); found != nil {
			return found[1], nil
		}
		select {
		case <-p.ended:
			return "", fmt.Errorf("%s ended before it printed %s; it printed: %s", p.cmd.Path, pattern, p.printed())
		case <-ctx.Done():
			return "", fmt.Errorf("%s has not printed %s within %v; it printed: %s", p.cmd.Path, pattern, commandTime,
				p.printed())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *process) end() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
}
