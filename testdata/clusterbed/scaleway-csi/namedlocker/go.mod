module oya.to/namedlocker

go 1.26.0
