# Take out of an environment of Python what a running product never reads: tests, what compilers read, the
# sources of catalogues, and the words of languages that the product is not in.
#   sh deploy/lean.sh /opt/quanheng
set -eu
cd "$1"/lib/python3*/site-packages

find . -depth -type d \( -name tests -o -name include \) -exec rm -r {} +
find . -type f \( -name '*.pyi' -o -name '*.pxd' -o -name '*.pyx' -o -name '*.h' -o -name '*.a' -o -name '*.po' \) -delete

find . -mindepth 3 -type d \( -path '*/locale/*' -o -path '*/locales/*' \) ! -path '*/LC_MESSAGES*' \
    ! -name 'en*' ! -name 'zh*' ! -name __pycache__ -prune -exec rm -r {} +
find babel/locale-data -name '*.dat' ! -name root.dat ! -name 'en*' ! -name 'zh*' -delete
