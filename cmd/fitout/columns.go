package main

import (
	"unicode"
	"unicode/utf8"

	"github.com/fitout-dev/fitout/pkg/printable"
	"golang.org/x/text/width"
)

// cut returns as much of a text of others as fits into a line of a terminal, of which the last column stays free.
func cut(s string, columns int) string {
	s = printable.Line(s)
	taken, fits := 0, 0 // the end of what fits with an ellipsis behind it
	for i, r := range s {
		taken += columnsOf(r)
		switch {
		case taken >= columns:
			return s[:fits] + "…"
		case taken <= columns-2:
			fits = i + utf8.RuneLen(r)
		}
	}
	return s
}

// columnsOf is how many columns a terminal takes to draw a rune: two for those of East Asian scripts and for pictures, none
// for marks that stand above or below others.
func columnsOf(r rune) int {
	switch kind := width.LookupRune(r).Kind(); {
	case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
		return 2
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	return 1
}
