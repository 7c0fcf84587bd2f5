//go:build linux

package wal

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func openFile(t *testing.T, content string) *File {
	t.Helper()
	file, err := OpenFile(filepath.Join(t.TempDir(), "wal"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	done(t, func(done func(error)) { file.Replace([]byte(content), done) }, nil)
	return file
}

// done runs an operation, which has to end with the error, or one of its kind, before it returns.
func done(t *testing.T, operation func(done func(error)), want error) {
	t.Helper()
	called := 0
	operation(func(err error) {
		called++
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	})
	if called != 1 {
		t.Errorf("done was called %d times, want once", called)
	}
}

func holds(t *testing.T, file *File, want string) {
	t.Helper()
	if got, err := file.ReadAll(); err != nil || string(got) != want {
		t.Errorf("the file holds %q, want %q: %v", got, want, err)
	}
}

// limited calls f while no file can become longer than so many bytes, as on a full disk.
func limited(t *testing.T, bytes int, f func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	small := syscall.Rlimit{Cur: uint64(bytes), Max: before.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
	f()
}

// descriptors counts the files that this program has open.
func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// A full disk takes no part of a write: what was there stays, and is added to once there is room.
func TestAFullFileSystemTakesNothing(t *testing.T) {
	file := openFile(t, "abcd")
	before := descriptors(t)
	for _, room := range []int{fileFront - 1, fileFront, fileFront + 6} {
		limited(t, room, func() {
			done(t, func(done func(error)) { file.Append([]byte("longer"), done) }, syscall.EFBIG)
			done(t, func(done func(error)) { file.Replace([]byte("even longer"), done) }, syscall.EFBIG)
		})
	}
	done(t, func(done func(error)) { file.Append([]byte("efghijk"), done) }, nil)
	holds(t, file, "abcdefghijk")
	if after := descriptors(t); after != before {
		t.Errorf("%d files are open, %d were", after, before)
	}
}

// A file that cannot be written to, or not be read, says so at once; its length is counted on as it was.
func TestAFileReportsWhatTheSystemRefuses(t *testing.T) {
	file := openFile(t, "abcd")
	good := file.file
	with := func(flag int, f func()) {
		t.Helper()
		other, err := os.OpenFile(file.path, flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		file.file = other
		f()
		file.file = good
		other.Close()
	}
	with(os.O_RDONLY, func() {
		done(t, func(done func(error)) { file.Append([]byte("e"), done) }, syscall.EBADF)
		done(t, func(done func(error)) { file.Cut(2, done) }, syscall.EINVAL)
	})
	holds(t, file, "abcd")
	with(os.O_WRONLY, func() {
		if got, err := file.ReadAll(); !errors.Is(err, syscall.EBADF) {
			t.Errorf("read %q, %v", got, err)
		}
	})
	// A device takes every byte, but has no medium to sync.
	device, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file.file = device
	done(t, func(done func(error)) { file.Append([]byte("e"), done) }, syscall.EINVAL)
	file.file = good
	if err := os.Symlink(os.DevNull, file.path+".new"); err != nil {
		t.Fatal(err)
	}
	done(t, func(done func(error)) { file.Replace([]byte("new"), done) }, syscall.EINVAL)
	holds(t, file, "abcd")
	if err := os.Truncate(file.path, 1); err != nil {
		t.Fatal(err)
	}
	with(os.O_WRONLY, func() {
		if got, err := file.ReadAll(); !errors.Is(err, syscall.EBADF) {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

func TestAReplacementThatFailsLeavesTheFile(t *testing.T) {
	file := openFile(t, "abcd")
	before := descriptors(t)
	replace := func(want error) {
		t.Helper()
		done(t, func(done func(error)) { file.Replace([]byte("new"), done) }, want)
	}
	beside := file.path + ".new"
	if err := os.Mkdir(beside, 0o700); err != nil {
		t.Fatal(err)
	}
	replace(syscall.EISDIR)
	os.Remove(beside)
	// A directory has taken the file's name.
	if err := errors.Join(os.Remove(file.path), os.Mkdir(file.path, 0o700)); err != nil {
		t.Fatal(err)
	}
	replace(fs.ErrExist)
	os.Remove(file.path)
	holds(t, file, "abcd")
	for range 3 {
		replace(nil)
	}
	holds(t, file, "new")
	if after := descriptors(t); after != before {
		t.Errorf("%d files are open, %d were", after, before)
	}
}

func TestAFileIsCutAndGoesOn(t *testing.T) {
	file := openFile(t, "ab")
	path := file.path
	torn, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.WriteString("cdtorn"); err != nil {
		t.Fatal(err)
	}
	torn.Close()
	holds(t, file, "abcdtorn")
	if file.Confirmed() != 2 {
		t.Errorf("it has confirmed %d bytes, want 2", file.Confirmed())
	}
	done(t, func(done func(error)) { file.Cut(4, done) }, nil)
	holds(t, file, "abcd")
	if file.Confirmed() != 4 {
		t.Errorf("after the cut it has confirmed %d bytes, want 4", file.Confirmed())
	}
	done(t, func(done func(error)) { file.Cut(3, done) }, nil)
	done(t, func(done func(error)) { file.Append([]byte("e"), done) }, nil)
	holds(t, file, "abce")
}

// Whichever of its accounts is lost, the other lags behind by one write at most.
func TestTheAccountsAreWrittenInTurn(t *testing.T) {
	file := openFile(t, "a")
	for size := 1; size < 6; size++ {
		whole, err := os.ReadFile(file.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, lost := range []int{0, accountBlock} {
			bad := append([]byte(nil), whole...)
			bad[lost] ^= 1
			copied := &File{path: filepath.Join(t.TempDir(), "copy")}
			if err := os.WriteFile(copied.path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if copied.file, err = os.Open(copied.path); err != nil {
				t.Fatal(err)
			}
			if _, err := copied.ReadAll(); err != nil || copied.Confirmed() < size-1 || copied.Confirmed() == 0 {
				t.Errorf("with %d bytes and without the account at byte %d: %d confirmed, %v",
					size, lost, copied.Confirmed(), err)
			}
			copied.Close()
		}
		done(t, func(done func(error)) { file.Append([]byte("b"), done) }, nil)
	}
}

// A file's beginning tells what it is. A file from before there were accounts gets none written over its
// log.
func TestAFileIsToldByItsFront(t *testing.T) {
	file := openFile(t, "")
	holds(t, file, "")
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(file.path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := magic + strings.Repeat(".", 2*fileFront)
	for _, content := range []string{magic, old} {
		put(content)
		holds(t, file, content)
		done(t, func(done func(error)) { file.Append([]byte("more"), done) }, nil)
		holds(t, file, content+"more")
	}
	for _, length := range []int{1, fileFront - 1, fileFront, fileFront + 1} {
		put(strings.Repeat(".", length))
		var damaged *DamageError
		if _, err := file.ReadAll(); !errors.As(err, &damaged) || damaged.Offset != 0 {
			t.Errorf("%d bytes of another kind: %v", length, err)
		}
	}
	done(t, func(done func(error)) { file.Replace([]byte("abcd"), done) }, nil)
	holds(t, file, "abcd")
	put("") // the file was emptied
	holds(t, file, "")
	if file.Confirmed() != 0 {
		t.Errorf("an empty file has confirmed %d bytes", file.Confirmed())
	}
}

// An opening that fails leaves nothing open, nor locked.
func TestAnOpeningThatFailsLeavesNothingOpen(t *testing.T) {
	file := openFile(t, "abcd")
	before := descriptors(t)
	if _, err := OpenFile(file.path); !errors.Is(err, ErrOpen) {
		t.Errorf("opened twice: %v", err)
	}
	missing := filepath.Join(filepath.Dir(file.path), "none", "wal")
	if _, err := OpenFile(missing); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrOpen) {
		t.Errorf("in no directory: %v", err)
	}
	if err := syncDirectory(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory is synced: %v", err)
	}
	// The name of a file in /proc is good to open it by, but there is no medium below for the directory.
	other, err := os.Create(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	name := "/proc/self/fd/" + decimal(uint32(other.Fd()))
	if opened, err := OpenFile(name); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a directory that cannot be synced: %v, %v", opened, err)
	}
	other.Close()
	if after := descriptors(t); after != before {
		t.Errorf("%d files are open, %d were", after, before)
	}
}

// A program that is being started has the file open for a moment, too. It does not keep it locked.
func TestAClosedFileIsFree(t *testing.T) {
	file := openFile(t, "abcd")
	inherited, err := syscall.Dup(int(file.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenFile(file.path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
