"""Checksums of the files in `weights`; `recipes train NAME --publish` writes them.

They stand in Python and not beside the files, so that whatever depends on the code of
this package depends on its weights, too.
"""

SUMS = """\
char_lm/tiny_shakespeare
    623debdcaf6bd7032a25bc2ed8dea03481b0834a1ece86a2c72c35dd2ed115aa
dcgan/digits
    621c5c169a1ca10fcb500796a0372012840f321c1ea51752fcf85c2c9e949bcf
dcgan/mnist
    0298f12a5757356f6d358641316ce21b36cf0b70271542d740061367e652cdf8
lenet/digits
    8f3138ad707f78af69b6aa7f4f84c926b8c41c21a7e480ea897ad5bb50cc2756
lenet/mnist
    554dd51da20d7b3b02eb08c9bcd3dee7839cbcb00b84596f71c354781b9d2122
lstm/imdb
    61470590f9bd5f09be2b1d6b893796fbba9f761c42ce11b87edb71ed0affbeec
mlp/digits
    1b94d5de1154957afbfe5bbbe58a904cac5e09b7646ea4de1c1b5a5d98fc20be
mlp_mnist/mnist
    f93bc8ac0d642134baa2238fa7243cf3dd3b537e76f1c8af2ee54dc64c4ce910
resnet20/digits
    d20800e542ee38008e071de9df23827f3c070e4a4acd79bb04b76299025b8d83
resnet20/mnist
    53bc0f9bf1b900d94027244415474bd4bc3350b87ffb27042f5284bed65a6e4e
"""

SHA256 = dict(zip(SUMS.split()[::2], SUMS.split()[1::2], strict=True))
