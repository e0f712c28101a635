/** Passwords and words that guessing begins with; only such as could pass the length rule are listed. */

/**
 * Common passwords of fifteen characters and more, in the plain form of password-rules.ts: lower case,
 * look-alike characters as letters, no marks. Drawn from the kinds of entry that lists of leaked
 * passwords have at this length: phrases, keyboard walks, verses, film titles, and famous examples.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  passwordpassword passwordispassword thisismypassword thisisapassword thisisnotapassword
  mypasswordispassword mysecretpassword mysupersecretpassword supersecretpassword
  averysecretpassword averylongpassword verylongpassword averystrongpassword strongpassword
  verystrongpassword thisisaverylongpassword thisisalongpassword thisisasecret
  changemechangeme changethispassword changemeplease pleasechangeme pleasechangethis
  pleasechangethispassword defaultpassword temporarypassword temppasswordtemp
  administrator administratoradministrator administratorpassword adminadminadmin
  adminpasswordadmin rootrootrootroot letmeinletmein letmeinplease pleaseletmein
  openthedoorplease welcometothejungle welcomewelcome iloveyouiloveyou iloveyouforever
  iloveyousomuch iloveyoutothemoon iloveyoubabyiloveyou iloveyoumorethananything
  iwillalwaysloveyou alwaysandforever foreverandalways forgetmenotforgetmenot
  correcthorsebatterystaple horsebatterystaple correcthorsebattery
  tobeornottobethatisthequestion tobeornottobe maytheforcebewithyou iamyourfather
  lukeiamyourfather onceuponatime onceuponatimetherewas theendoftheworld
  thequickbrownfox thequickbrownfoxjumps thequickbrownfoxjumpsoverthelazydog
  loremipsumdolorsitamet loremipsumdolor hellohellohello helloworldhelloworld hellomynameis
  qwertyuiopasdfgh qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertyqwertyqwerty
  qwertyuiopqwertyuiop qwertzuiopasdfgh qwertzuiopasdfghjklyxcvbnm azertyuiopqsdfgh
  azertyuiopqsdfghjklm asdfghjklasdfghjkl asdfghjklzxcvbnm zxcvbnmasdfghjkl
  zxcvbnmasdfghjklqwertyuiop abcdefghijklmno abcdefghijklmnop abcdefghijklmnopqrstuvwxyz
  abcabcabcabcabc aaaaaaaaaaaaaaa testtesttesttest testingtesting testpasswordtest
  thisisatest thisisjustatest donttellanyone idontknowmypassword iforgotmypassword
  icantremembermypassword dontforgetthispassword nopasswordneeded whatismypassword
  guessmypassword youllneverguess youwillneverguess youcantguessthis trynottoguessthis
  allyourbasearebelongtous neveragonnagiveyouup nevergonnagiveyouup rickastleyforever
  harrypotterandthe expectopatronum winteriscoming winteriscomingsoon youknownothingjonsnow
  thelordoftherings lordoftherings gandalfthegrey oneringtorulethemall thesecretoflife
  jesusislordofall jesuslovesmeverymuch godisgoodallthetime inthenameofgod ingodwetrust
  thelordismyshepherd forgodsolovedtheworld christislord liverpoolfootballclub
  manchesterunited manchesterunitedfc youllneverwalkalone realmadridclubdefutbol
  barcelonafootballclub newyorkyankees happybirthdaytoyou happybirthday
  happynewyear merrychristmas merrychristmaseveryone hakunamatata supercalifragilistic
  supercalifragilisticexpialidocious ilovemyfamily ilovemymother ilovemychildren ilovemywife
  ilovemyhusband mydogsname mynameisjohn mynameisbond carpediemcarpediem
  livelaughlovelivelaughlove trustnooneandnothing trustnoone
  haproxyhaproxy haproxyjwt haproxyjwthaproxyjwt haproxyjwtadmin haproxyadministrator
  jsonwebtoken jsonwebtokenjsonwebtoken tokenservertokenserver
  `
    .trim()
    .split(/\s+/),
);

/** Everyday words of passwords, and this product's own; taken out before what is left is counted. */
export const COMMON_WORDS: readonly string[] = `
  password passwort passwd pass secret geheim admin administrator root user login letmein welcome
  willkommen changeme change master dragon monkey shadow sunshine princess football baseball
  superman batman iloveyou love hello world test testing default temporary temp qwerty qwertz azerty
  please company system server service security secure private access account token tokens json
  haproxy jwt proxy keycloak summer winter spring autumn sommer herbst january february march april
  june july august september october november december monday tuesday wednesday thursday friday
  saturday sunday forever always
  `
  .trim()
  .split(/\s+/);
