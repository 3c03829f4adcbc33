package printable

import (
	"io"
	"unicode/utf8"
)

// A Writer writes what Text makes of it to W. It is the last net below printers that take care of their lines themselves.
type Writer struct {
	W    io.Writer
	part []byte // the beginning of a rune whose end is still to come
}

// Write writes all but an incomplete rune at the end, which waits for the next call or for Flush.
func (w *Writer) Write(p []byte) (int, error) {
	text := append(w.part, p...)
	end := len(text)
	for i := max(0, end-utf8.UTFMax+1); i < end; i++ {
		if utf8.RuneStart(text[i]) && !utf8.FullRune(text[i:]) {
			end = i
			break
		}
	}
	w.part = append([]byte(nil), text[end:]...)
	if _, err := io.WriteString(w.W, Text(string(text[:end]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes the rest.
func (w *Writer) Flush() error {
	part := w.part
	w.part = nil
	_, err := io.WriteString(w.W, Text(string(part)))
	return err
}
