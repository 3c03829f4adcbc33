package printable

import (
	"fmt"
	"io"
)

// Fprintf writes what fmt.Fprintf does, with every argument as one line, as Line makes it: only the format has line breaks and
// tabs. Printers use it, so that none of them has to know which of its texts others wrote.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	return fmt.Fprintf(w, format, lines(args)...)
}

// Fprintln writes what fmt.Fprintln does, with every argument as Fprintf has it.
func Fprintln(w io.Writer, args ...any) (int, error) { return fmt.Fprintln(w, lines(args)...) }

func lines(args []any) []any {
	safe := make([]any, len(args))
	for i, arg := range args {
		safe[i] = line{arg}
	}
	return safe
}

// A line is a value that is formatted as one line.
type line struct{ value any }

func (l line) Format(state fmt.State, verb rune) {
	io.WriteString(state, Line(fmt.Sprintf(fmt.FormatString(state, verb), l.value))) //nolint:errcheck // it fails where the outer one does
}
