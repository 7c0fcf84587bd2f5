package explain

import (
	"strconv"
	"strings"
)

// Servers names servers: "S1", "S1 and S2", "S1, S2 and S3".
func Servers[N ~int | ~uint64](ids []N) string {
	text := ""
	for i, id := range ids {
		switch {
		case i > 0 && i == len(ids)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += "S" + decimal(uint64(id))
	}
	return text
}

// Sentence makes a sentence of words: a capital at its beginning, and a full stop at its end if it has none.
func Sentence(words string) string {
	if words != "" && words[0] >= 'a' && words[0] <= 'z' {
		words = string(words[0]-'a'+'A') + words[1:]
	}
	if !strings.HasSuffix(words, ".") {
		words += "."
	}
	return words
}

// Clip returns at most limit bytes of text, cut between characters and marked where it is cut.
func Clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end] + "…"
}

// Number writes a number with at most four significant digits.
func Number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// Millis writes a time of so many µs in milliseconds, with its unit.
func Millis(micros int64) string { return Number(float64(micros)/1000) + " ms" }
